/** What the door's tests share: free ports, routes, games that echo, players, and a door whose frames can be awaited. */
import { type Socket as UdpSocket, createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";
import type { ExecutionContext } from "ava";
import type { FromDoor, Ports, Protocol, Route } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { Handover } from "../kernel/handover.ts";
import { tryPort } from "./bind.ts";
import { type DoorCore, openDoor } from "./door.ts";
import type { Limits } from "./limits.ts";
import { type Log, silentLog } from "./log.ts";
import { watch } from "./watch.ts";

const none: readonly string[] = [];
const awaitMs = 15_000;

/** One turn of the event loop, more or less. */
export const turn = (): Promise<void> => systemPorts.timers.sleep(0);

/** Lets the loop turn until `holds`; throws after a few seconds. For what has no event of its own. */
export async function eventually(t: ExecutionContext, what: string, holds: () => unknown): Promise<void> {
  const until = systemPorts.clock.mono() + awaitMs;
  while (!(await holds())) {
    if (systemPorts.clock.mono() > until) throw new Error(`never: ${what}`);
    await turn();
  }
  t.pass();
}

/** A port that was free a moment ago, below the ranges of nodes and of outgoing connections. */
export async function freePort(protocol: Protocol): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(systemPorts.rng.float() * 10_000);
    if ((await tryPort(protocol, port)) === undefined) return port;
  }
}

export const asleepMinecraft: NonNullable<Route["asleep"]> = {
  answer: "minecraft",
  port: "game",
  motd: "Zzz. Join to wake it.",
};

type RouteLike = Partial<Omit<Route, "port">> & { publicPort: number; protocol?: Protocol; name?: string };

export function routeOf({ publicPort, protocol = "tcp", name = "game", ...rest }: RouteLike): Route {
  return {
    server: "srv_a",
    port: { name, protocol, public: publicPort },
    mode: "asleep",
    target: null,
    asleep: null,
    notice: null,
    ...rest,
  };
}

export interface TestDoor {
  core: DoorCore;
  frames: FromDoor[];
  /** Replaces the routes of the servers named; resolves when the door has applied it. */
  set(...routes: Route[]): Promise<Extract<FromDoor, { t: "applied" }>["failed"]>;
  give(server: string): Promise<void>;
  /** Resolves with the first frame, from number `from` on, for which `look` answers. */
  until<T>(what: string, look: (frame: FromDoor) => T | undefined, from?: number): Promise<T>;
  knock(server?: string): Promise<Extract<FromDoor, { t: "knock" }>>;
  /** The newest figures of a server. */
  traffic(server?: string): Extract<FromDoor, { t: "traffic" }>["servers"][number] | undefined;
}

export function testDoor(
  t: ExecutionContext,
  options: {
    ports?: Ports;
    log?: Log;
    limits?: Partial<Limits>;
    descriptors?: number;
    addresses?: () => readonly string[];
    kernel?: Handover;
  } = {},
): TestDoor {
  const frames: FromDoor[] = [];
  const waiting = watch(systemPorts.timers);
  const core = openDoor({
    ports: options.ports ?? systemPorts,
    log: options.log ?? silentLog,
    descriptors: options.descriptors ?? 4000,
    addresses: options.addresses ?? (() => none),
    kernel: options.kernel,
    ...(options.limits && { limits: options.limits }),
    send(frame) {
      frames.push(frame);
      waiting.notify();
    },
  });
  t.teardown(() => core.close());
  let rev = 0;
  const until: TestDoor["until"] = (what, look, from = 0) =>
    waiting.found(awaitMs, what, () => {
      for (const frame of frames.slice(from)) {
        const value = look(frame);
        if (value !== undefined) return value;
      }
      return undefined;
    });
  const apply: (servers: { server: string; routes: Route[] }[]) => ReturnType<TestDoor["set"]> = (servers) => {
    const wanted = ++rev;
    core.onFrame({ t: "routes", rev, reset: false, done: true, servers });
    return until(`revision ${wanted}`, (frame) =>
      frame.t === "applied" && frame.rev >= wanted ? frame.failed : undefined,
    );
  };
  return {
    core,
    frames,
    until,
    set: (...routes) =>
      apply([...Map.groupBy(routes, (route) => route.server)].map(([server, list]) => ({ server, routes: list }))),
    give: async (server) => void (await apply([{ server, routes: [] }])),
    knock: (server = "srv_a") =>
      until(`a knock for ${server}`, (frame) => (frame.t === "knock" && frame.server === server ? frame : undefined)),
    traffic: (server = "srv_a") =>
      frames
        .filter((frame) => frame.t === "traffic")
        .flatMap((frame) => frame.servers)
        .findLast((totals) => totals.server === server),
  };
}

/** A TCP game; `onSocket` sees every connection. */
export async function tcpGame(
  t: ExecutionContext,
  onSocket: (socket: Socket) => void,
): Promise<{ port: number; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, server };
}

export async function udpGame(
  t: ExecutionContext,
  onPacket: (packet: Buffer, reply: (packet: Buffer) => void, from: { port: number }) => void,
): Promise<{ port: number; socket: UdpSocket }> {
  const socket = createSocket("udp4");
  socket.on("message", (packet, from) =>
    onPacket(packet, (answer) => socket.send(answer, from.port, from.address), from),
  );
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.teardown(() => void socket.close());
  return { port: socket.address().port, socket };
}

/** A connected player, on their own address of the loopback network if asked. */
export async function player(t: ExecutionContext, port: number, localAddress = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true, noDelay: true });
  socket.on("error", () => {});
  t.teardown(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

export interface UdpPlayer {
  say(packet: Buffer | string): Promise<void>;
  heard: Buffer[];
  /** Resolves when `count` datagrams have come. */
  hears(count: number): Promise<Buffer[]>;
  socket: UdpSocket;
}

/** A player at `host`, on their own address of the loopback network if asked. */
export async function udpPlayer(
  t: ExecutionContext,
  port: number,
  host = "127.0.0.1",
  localAddress?: string,
): Promise<UdpPlayer> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const heard: Buffer[] = [];
  const waiting = watch(systemPorts.timers);
  socket.on("message", (packet) => {
    heard.push(packet);
    waiting.notify();
  });
  socket.on("error", () => {});
  if (localAddress !== undefined) {
    socket.bind(0, localAddress);
    await once(socket, "listening");
  }
  socket.connect(port, host);
  await once(socket, "connect");
  t.teardown(() => void socket.close());
  return {
    socket,
    heard,
    say: (packet) =>
      new Promise((resolve, reject) => socket.send(packet, (error) => (error ? reject(error) : resolve()))),
    hears: (count) => waiting.found(awaitMs, `${count} datagrams`, () => (heard.length >= count ? heard : undefined)),
  };
}

/** Everything a socket brings until its other end closes. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Resolves when a socket is closed, in whatever way. */
export async function closed(socket: Socket): Promise<void> {
  socket.resume();
  socket.once("end", () => socket.end());
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}
