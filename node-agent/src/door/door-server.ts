/** The agent's end of the door's unix socket. Holds the table of routes and sends it to whichever door is there. */
import type { Socket } from "node:net";
import { AppError, firstAnswer, FromDoor, type Ports, type Route, type ToDoor } from "@playspawn/shared";
import type { BindFailure, Door, DoorProcess, Handover, Knock, Refused, Traffic } from "./door-client.ts";
import { readFrames, writeFrame } from "./json-lines.ts";
import type { Log } from "./log.ts";
import { listenUnix } from "./unix-listener.ts";
import { type Watch, watch } from "./watch.ts";

/** Longest text of routes in one line of a whole table. */
const chunkBytes = 256 * 1024;
/** A door tries a port in well under a millisecond; this is for one that hangs or is being restarted. */
const checkLimitMs = 5000;

type Table = Map<string, Route[]>;
type ServerRoutes = Extract<ToDoor, { t: "routes" }>["servers"];
type PortTaken = Awaited<ReturnType<Door["check"]>>[number];
type Said<T extends FromDoor["t"]> = Extract<FromDoor, { t: T }>;

/** A door that said hello. */
interface Session {
  socket: Socket;
  run: string;
  /** The kinds of words that it speaks. */
  answers: ReadonlySet<string>;
  applied: { rev: number; failed: BindFailure[] } | undefined;
  /** Undefined until the door said its figures once. */
  traffic: Map<string, Traffic> | undefined;
}

const olderDoor: Handover = { works: false, reason: "The door is of an older version: start it again." };
const noTraffic: Traffic = { open: 0, held: 0, accepted: 0, bytesIn: 0, bytesOut: 0, packetsIn: 0, passing: 0 };

const say = (socket: Socket, frame: ToDoor): void => writeFrame(socket, frame);

/** Routes without words that this door does not speak: to it their protocols are unknown. */
const speakable = (routes: readonly Route[], answers: ReadonlySet<string>): Route[] =>
  routes.map((route) => (route.asleep && !answers.has(route.asleep.answer) ? { ...route, asleep: null } : route));

/** The whole table in lines of bounded length. */
export function* tableFrames(
  table: Table,
  rev: number,
  answers: ReadonlySet<string>,
  icons: ReadonlyMap<string, string> = new Map(),
): Generator<ToDoor> {
  let servers: ServerRoutes = [];
  let bytes = 0;
  let reset = true;
  for (const [server, routes] of table) {
    const icon = icons.get(server);
    servers.push({ server, routes: speakable(routes, answers), ...(icon && { icon }) });
    bytes += JSON.stringify(routes).length + (icon?.length ?? 0);
    if (bytes < chunkBytes) continue;
    yield { t: "routes", rev, reset, done: false, servers };
    [servers, bytes, reset] = [[], 0, false];
  }
  yield { t: "routes", rev, reset, done: true, servers };
}

class DoorServer implements DoorProcess {
  close: () => Promise<void> = () => Promise.resolve();
  readonly #log: Log;
  readonly #watch: Watch;
  readonly #table: Table = new Map();
  /** Base64. */
  readonly #icons = new Map<string, string>();
  readonly #knockListeners: ((knock: Knock) => void)[] = [];
  readonly #refusedListeners: ((refused: readonly Refused[]) => void)[] = [];
  readonly #connectionListeners: ((connected: boolean) => void)[] = [];
  readonly #checked = new Map<number, PortTaken[]>();
  /** Servers that gave their routes up, and in which revision: the door may speak of them until it has applied that. */
  readonly #leaving = new Map<string, number>();
  #rev = 0;
  #nextCheck = 1;
  #session: Session | undefined;
  #handover: Handover | undefined;

  constructor(ports: Ports, log: Log) {
    this.#log = log;
    this.#watch = watch(ports.timers);
  }

  setRoutes(server: string, routes: Route[]): void {
    const before = this.#table.get(server) ?? [];
    if (JSON.stringify(before) === JSON.stringify(routes)) return;
    if (routes.length > 0) this.#table.set(server, routes);
    else this.#table.delete(server);
    if (routes.length === 0) this.#icons.delete(server);
    this.#sendRoutes(server, routes);
  }

  setIcon(server: string, png: Buffer | null): void {
    const icon = png?.toString("base64") ?? null;
    const routes = this.#table.get(server);
    if (!routes || (this.#icons.get(server) ?? null) === icon) return;
    if (icon === null) this.#icons.delete(server);
    else this.#icons.set(server, icon);
    this.#sendRoutes(server, routes, icon);
  }

  #sendRoutes(server: string, routes: Route[], icon?: string | null): void {
    const rev = ++this.#rev;
    this.#leaving.delete(server);
    if (!this.#session) return;
    if (routes.length === 0) this.#leaving.set(server, rev);
    const { socket, answers } = this.#session;
    const servers = [{ server, routes: speakable(routes, answers), ...(icon !== undefined && { icon }) }];
    say(socket, { t: "routes", rev, reset: false, done: true, servers });
  }

  settled(limitMs: number): Promise<BindFailure[]> {
    const wanted = this.#rev;
    return this.#found(limitMs, "binding the public ports", () => {
      const applied = this.#session?.applied;
      return applied && applied.rev >= wanted ? applied.failed : undefined;
    });
  }

  traffic(server: string): Traffic | undefined {
    const figures = this.#session?.traffic;
    return figures && { ...(figures.get(server) ?? noTraffic) };
  }

  async check(ports: Omit<PortTaken, "by">[]): Promise<PortTaken[]> {
    const { socket } = await this.#found(checkLimitMs, "checking ports", () => this.#session);
    const id = this.#nextCheck++;
    say(socket, { t: "check", id, ports });
    return this.#found(checkLimitMs, "checking ports", () => this.#checked.get(id));
  }

  handover(): Handover | undefined {
    return this.#handover;
  }

  onKnock(listener: (knock: Knock) => void): void {
    this.#knockListeners.push(listener);
  }

  onRefused(listener: (refused: readonly Refused[]) => void): void {
    this.#refusedListeners.push(listener);
  }

  onConnection(listener: (connected: boolean) => void): void {
    this.#connectionListeners.push(listener);
  }

  accept(socket: Socket): void {
    let mine: Session | undefined;
    socket.on("error", (error) => this.#log.warn({ error: error.message }, "the door's connection broke"));
    readFrames<FromDoor>(socket, FromDoor, (frame) => {
      if (frame.t === "hello") mine ??= this.#welcome(socket, frame);
      else if (mine && mine === this.#session) this.#onFrame(mine, frame);
    });
    socket.once("close", () => {
      if (mine && mine === this.#session) this.#lost();
    });
  }

  #found<T>(limitMs: number, what: string, look: () => T | undefined): Promise<T> {
    return this.#watch.found(limitMs, what, look).catch((cause: unknown) => {
      const state = this.#session ? "does not answer" : "is not running";
      throw new AppError("not_ready", `The door ${state} (${what}): see its log, or restart Playspawn.`, { cause });
    });
  }

  /** The youngest process wins, not the last to connect: an old one that comes back must not push a new one out. */
  #welcome(socket: Socket, { run, pid, answers = [firstAnswer], handover }: Said<"hello">): Session | undefined {
    const other = this.#session;
    const loser = other && other.run > run ? socket : other?.socket;
    if (loser) {
      say(loser, { t: "superseded" });
      loser.end();
    }
    if (loser === socket) return undefined;
    this.#leaving.clear();
    this.#handover = handover ?? olderDoor;
    const spoken = new Set(answers);
    this.#session = { socket, run, answers: spoken, applied: undefined, traffic: undefined };
    this.#log.info({ pid, run }, "the door is there");
    for (const frame of tableFrames(this.#table, this.#rev, spoken, this.#icons)) say(socket, frame);
    for (const listener of this.#connectionListeners) listener(true);
    this.#watch.notify();
    return this.#session;
  }

  #onFrame(session: Session, frame: Exclude<FromDoor, { t: "hello" }>): void {
    switch (frame.t) {
      case "applied":
        session.applied = frame;
        this.#forget(session, frame.rev);
        break;
      case "checked":
        this.#checked.set(frame.id, frame.taken);
        break;
      case "knock": {
        const knock = { server: frame.server, port: frame.port, source: frame.source };
        for (const listener of this.#knockListeners) listener(knock);
        return;
      }
      case "traffic":
        session.traffic ??= new Map();
        for (const { server, ...figures } of frame.servers) session.traffic.set(server, figures);
        if (frame.refused) for (const listener of this.#refusedListeners) listener(frame.refused);
        return;
    }
    this.#watch.notify();
    // Whoever waited has it now; an answer that came too late must not stay.
    if (frame.t === "checked") this.#checked.delete(frame.id);
  }

  /** The door has applied revision `rev`: of whoever left by then it says no more. */
  #forget(session: Session, rev: number): void {
    for (const [server, left] of this.#leaving) {
      if (left > rev) continue;
      this.#leaving.delete(server);
      session.traffic?.delete(server);
    }
  }

  #lost(): void {
    this.#session = undefined;
    this.#log.warn({}, "the door is gone; if it is alive it keeps what it relays and comes back");
    for (const listener of this.#connectionListeners) listener(false);
  }
}

/**
 * Listens for the door process at `socketPath` (or its stand-in when that is too long for a socket).
 * @throws AppError conflict when another agent listens there, forbidden when the folder is not safe
 */
export async function doorServer({
  socketPath,
  ports,
  log,
}: {
  socketPath: string;
  ports: Ports;
  log: Log;
}): Promise<DoorProcess> {
  const door = new DoorServer(ports, log);
  door.close = await listenUnix(socketPath, (socket) => door.accept(socket));
  return door;
}
