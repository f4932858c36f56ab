/** One connection to the control plane, from `hello` to its end. Every frame carries the epoch that `welcome` named. */
import {
  closeCodes,
  ControlFrame,
  decodeFrame,
  FrameError,
  frameBytesMax,
  heartbeatMs,
  isFrozen,
  messageOf,
  olderStatus,
  silentIntervals,
  wireVersion,
  type AgentFrame,
  type Failpoint,
  type Ports,
  type StatusItem,
} from "@playspawn/shared";
import type { Logger } from "pino";
import type { FailpointName } from "../failpoints.ts";
import type { EventLog } from "../servers/event-log.ts";
import type { Registry } from "../servers/registry.ts";
import { calls, type CallHandlers, type Calls } from "./calls.ts";
import { outbox, type Outbox } from "./outbox.ts";

/** What carries the frames: a WebSocket, or the HTTP API. */
export interface Wire {
  send(text: string): void;
  /** `code` as in `closeCodes`. */
  close(code: number, reason: string): void;
  /** Bytes that were sent and have not left. */
  buffered(): number;
}

type Hello = Extract<AgentFrame, { t: "hello" }>;
type Beat = Extract<AgentFrame, { t: "hb" }>;
type Welcome = Extract<ControlFrame, { t: "welcome" }>;

export interface SessionDeps {
  ports: Ports;
  registry: Registry;
  events: EventLog;
  handlers: CallHandlers;
  /** Who this is; the session adds what is true now. */
  introduction(): Promise<Pick<Hello, "machine" | "boot" | "run" | "capacity">>;
  /** What the node can now. */
  capabilities(): Promise<Hello["capabilities"]>;
  load(): Promise<{ load: number; memoryFreeBytes: number; diskFreeBytes: number }>;
  fail: Failpoint<FailpointName>;
  log: Logger;
  onWelcome(): void;
}

/** What waits in the socket before it counts as stuck. */
const bufferedBytesMax = 8 * 1024 ** 2;
const jitter = 0.1;

export class Session {
  readonly #wire: Wire;
  readonly #deps: SessionDeps;
  #epoch = 0;
  #outbox: Outbox | undefined;
  /** Servers whose status changed before there was an outbox: the report in `hello` may be older than that. */
  readonly #changed = new Set<string>();
  #calls: Calls | undefined;
  #heardAt: number;
  #intervalMs = heartbeatMs;
  /** The capabilities that the other side knows, as text. */
  #said = "";
  #cancelBeat = (): void => undefined;
  /** Frames are taken in one after the other. */
  #inbox: Promise<void> = Promise.resolve();
  #over = false;

  /** @param wire open */
  constructor(wire: Wire, deps: SessionDeps) {
    this.#wire = wire;
    this.#deps = deps;
    this.#heardAt = deps.ports.clock.mono();
    this.#beatSoon();
    void this.#hello().catch((error: unknown) => this.#drop(1011, `hello failed: ${messageOf(error)}`));
  }

  /** The wire is gone, by whomever. */
  closed(): void {
    this.#end();
  }

  /** This server's status is news. */
  status(id: string): void {
    if (this.#outbox) this.#outbox.status(id);
    else this.#changed.add(id);
  }
  /** Events were flushed. */
  flush(): void {
    this.#outbox?.flush();
  }
  /** A full snapshot is needed. */
  resync(): void {
    if (this.#epoch > 0) this.#send({ t: "resync", epoch: this.#epoch, appliedRev: this.#deps.registry.rev });
  }

  async #hello(): Promise<void> {
    const { registry, events, introduction } = this.#deps;
    const who = { ...(await introduction()), capabilities: await this.#deps.capabilities() };
    this.#said = JSON.stringify(who.capabilities);
    const log = { id: events.id, last: events.last };
    const report = registry.report();
    const hello: Hello = {
      t: "hello",
      v: wireVersion,
      ...who,
      appliedRev: registry.rev,
      // Nobody knows yet who listens.
      report: report.map(olderStatus),
      log,
    };
    for (const { id, tier } of report) if (isFrozen(tier)) this.status(id);
    if (Buffer.byteLength(JSON.stringify(hello)) <= frameBytesMax) return this.#send(hello);
    this.#send(brief(hello));
    for (const { id } of hello.report) this.status(id);
  }

  /** A frame came; undefined for one that is not text. */
  receive(text: string | undefined): void {
    this.#heardAt = this.#deps.ports.clock.mono();
    if (this.#over) return;
    try {
      if (text === undefined) throw new FrameError("the frame is not text");
      const frame = decodeFrame(ControlFrame, text);
      // One that only a newer control plane knows.
      if (!frame) return;
      this.#inbox = this.#inbox
        .then(() => this.#take(frame))
        .catch((error: unknown) => this.#drop(1011, `${frame.t} failed: ${messageOf(error)}`));
    } catch (error) {
      this.#drop(closeCodes.badFrame, messageOf(error));
    }
  }

  async #take(frame: ControlFrame): Promise<void> {
    if (this.#over) return;
    if (frame.t === "welcome") return await this.#welcomed(frame);
    if (this.#epoch === 0) return this.#drop(closeCodes.badFrame, `${frame.t} came before welcome`);
    if (frame.epoch !== this.#epoch)
      return this.#drop(closeCodes.superseded, `epoch ${frame.epoch} is not ${this.#epoch}`);
    const { registry } = this.#deps;
    switch (frame.t) {
      case "desired":
        if (!registry.desired(frame)) this.resync();
        return;
      case "snapshot":
        return await registry.snapshot(frame);
      case "ack":
        return this.#outbox?.acknowledged(frame);
      case "hb":
        return;
      case "call":
        return this.#calls?.open(frame.id, frame.call, frame.credit);
      case "credit":
        return this.#calls?.credit(frame.id, frame.bytes);
      case "cancel":
        return this.#calls?.cancel(frame.id);
    }
  }

  async #welcomed(welcome: Welcome): Promise<void> {
    if (this.#epoch !== 0) return this.#drop(closeCodes.badFrame, "a second welcome");
    const { ports, registry, events, handlers, fail } = this.#deps;
    const epoch = welcome.epoch;
    const send = (frame: AgentFrame): void => this.#send(frame);
    this.#epoch = epoch;
    this.#intervalMs = welcome.session.heartbeatMs;
    this.#calls = calls(handlers, ports.timers, epoch, send);
    const knowsTiers = welcome.understands?.includes("tiers") ?? false;
    const statusOf = (id: string) => {
      const item = registry.get(id)?.status();
      return item && !knowsTiers ? olderStatus(item) : item;
    };
    const onStatusSent = (items: readonly StatusItem[]): void => void (items.some(tellsOfWake) && fail("status.sent"));
    this.#outbox = outbox({ epoch, ports, events, acked: welcome.ack, statusOf, send, onStatusSent });
    this.#outbox.acknowledged({ events: welcome.ack });
    for (const id of this.#changed) this.#outbox.status(id);
    this.#changed.clear();
    this.#beatSoon();
    await registry.snapshot(welcome);
    this.#deps.onWelcome();
  }

  #beatSoon(): void {
    const { timers, rng } = this.#deps.ports;
    this.#cancelBeat();
    const ms = this.#intervalMs * (1 - jitter + 2 * jitter * rng.float());
    this.#cancelBeat = timers.after(ms, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    const { ports, registry, log } = this.#deps;
    if (ports.clock.mono() - this.#heardAt > this.#intervalMs * silentIntervals)
      return this.#drop(closeCodes.silent, "the control plane was silent for three intervals");
    this.#beatSoon();
    if (this.#epoch === 0) return;
    this.#outbox?.tick();
    try {
      const load = await this.#deps.load();
      this.#send({ t: "hb", epoch: this.#epoch, appliedRev: registry.rev, ...load, ...(await this.#news()) });
    } catch (error) {
      log.warn({ err: error }, "this machine's load could not be read");
    }
  }

  async #news(): Promise<Pick<Beat, "capabilities">> {
    const capabilities = await this.#deps.capabilities();
    const text = JSON.stringify(capabilities);
    if (text === this.#said) return {};
    this.#said = text;
    return { capabilities };
  }

  #send(frame: AgentFrame): void {
    if (this.#over) return;
    if (this.#wire.buffered() > bufferedBytesMax)
      return this.#drop(closeCodes.tooSlow, "the control plane reads too slowly");
    this.#wire.send(JSON.stringify(frame));
  }

  #drop(code: number, reason: string): void {
    if (this.#over) return;
    this.#deps.log.warn({ code }, `the connection is given up: ${reason}`);
    this.#end();
    this.#wire.close(code, reason.slice(0, 100));
  }

  #end(): void {
    this.#over = true;
    this.#cancelBeat();
    this.#outbox?.close();
    this.#calls?.close();
  }
}

const tellsOfWake = ({ state, cause }: StatusItem): boolean => state === "starting" && cause?.kind !== "adopted";

/** A report that would not fit into one frame: without names and long messages, which follow as statuses. */
const brief = (hello: Hello): Hello => ({
  ...hello,
  report: hello.report.map((item) => ({
    ...item,
    players: item.players && { online: item.players.online, max: item.players.max },
    detail: {},
  })),
});
