/**
 * One connection of a node, from its hello to its end. Knows the rules of the protocol, not the socket and not the
 * database: both are handed in, so that every rule can be tested by frames alone.
 */
import {
  AgentFrame,
  AppError,
  closeCodes,
  decodeFrame,
  FrameError,
  frameBytesMax,
  heartbeatMs,
  messageOf,
  silentIntervals,
  newerWords,
  wireVersion,
  type ControlFrame,
  type Ports,
  type StatusItem,
} from "@playspawn/shared";
import type { Failpoints } from "../../platform/failpoints.ts";
import type { Log } from "../../platform/log.ts";
import type { Budget } from "./budget.ts";
import { Calls } from "./calls.ts";
import type { Hub, LiveSession } from "./hub.ts";
import { intake, type Intake } from "./intake.ts";
import { outbox, type Outbox } from "./outbox.ts";
import { understood } from "./understood.ts";
import type { SessionStore, Wire } from "./wire.ts";

export interface SessionDeps {
  nodeId: string;
  wire: Wire;
  store: SessionStore;
  hub: Hub;
  /** Of the node, not of this connection. */
  budget: Budget;
  ports: Ports;
  log: Log;
  failpoint: Failpoints;
}

const helloLimitMs = 10_000;
const bufferedBytesMax = 4 * 1024 * 1024;

/** A welcomed connection. */
interface Live {
  epoch: number;
  calls: Calls;
  outbox: Outbox;
  session: LiveSession;
}

export class Session {
  readonly #deps: SessionDeps;
  readonly #inbox: Intake;
  readonly #stopTimers: () => void;
  readonly #ended = new AbortController();
  #live: Live | undefined;
  #heardAt: number;
  #over = false;

  constructor(deps: SessionDeps) {
    const { timers, clock } = deps.ports;
    this.#deps = deps;
    this.#heardAt = clock.mono();
    this.#inbox = intake(
      deps.wire,
      (text) => this.#paced(decodeFrame(AgentFrame, text)),
      (error) => this.#fail(error),
    );
    const helloDue = timers.after(helloLimitMs, () => {
      if (!this.#live) this.#close(closeCodes.badFrame, "no hello came within 10 s");
    });
    const watch = timers.every(heartbeatMs, () => {
      if (clock.mono() - this.#heardAt >= silentIntervals * heartbeatMs)
        this.#close(closeCodes.silent, "nothing was heard for three intervals");
    });
    this.#stopTimers = () => {
      helloDue();
      watch();
    };
  }

  receive(text: string): void {
    this.#heardAt = this.#deps.ports.clock.mono();
    this.#inbox.push(text);
  }

  /** The socket was closed, by whomever. */
  closed(): void {
    if (!this.#over) this.#finish();
  }

  /** What only a newer agent knows is paid for and passed over. */
  async #paced(frame: AgentFrame | undefined): Promise<void> {
    const { budget, ports } = this.#deps;
    const waitMs = budget.spend(frame);
    if (waitMs > 0) await ports.timers.sleep(waitMs, this.#ended.signal);
    if (frame) await this.#handle(frame);
  }

  async #handle(frame: AgentFrame): Promise<void> {
    const { nodeId, hub } = this.#deps;
    if (this.#live && frame.t !== "hello") return await this.#handleLive(this.#live, frame);
    if (this.#live || frame.t !== "hello") throw new FrameError(`the frame ${frame.t} is out of place here`);
    const arrived = hub.arriving(nodeId);
    try {
      await this.#arrive(frame);
    } finally {
      arrived();
    }
  }

  async #arrive(hello: Extract<AgentFrame, { t: "hello" }>): Promise<void> {
    const { nodeId, hub, store } = this.#deps;
    const live = await this.#welcome(hello);
    if (!live) {
      hub.quarantine(nodeId);
      return this.#close(closeCodes.quarantined, "two machines use this node's secret");
    }
    this.#live = live;
    if (this.#over) return await store.ended(nodeId, live.epoch);
    hub.add(nodeId, live.session);
    // What changed between the snapshot and the registration had nobody to nudge.
    live.outbox.want("changes");
  }

  /** @returns undefined when the node is in quarantine */
  async #welcome(hello: Extract<AgentFrame, { t: "hello" }>): Promise<Live | undefined> {
    const { nodeId, store, log, ports, failpoint } = this.#deps;
    const begun = await store.hello(nodeId, hello);
    if (!begun) return undefined;
    const { epoch, rev, snapshot, adopt, logAck } = begun;
    const send = (frame: ControlFrame): void => this.#send(understood(frame, hello.capabilities));
    const close = (code: number, reason: string): void => this.#close(code, reason);
    const calls = new Calls({ timers: ports.timers, log, send: (frame) => send({ ...frame, epoch }) });
    const box = outbox({
      nodeId,
      epoch,
      rev,
      store,
      send,
      pushed: () => failpoint("wake.pushed"),
      fail: (error) => this.#fail(error),
      over: () => this.#over,
    });
    const terms = { session: { heartbeatMs }, understands: [...newerWords] };
    send({ t: "welcome", v: wireVersion, epoch, rev, snapshot, ...terms, ack: logAck, adopt });
    log.info({ node: nodeId, epoch, rev, adopt, servers: snapshot.length }, "a node is connected");
    const session: LiveSession = {
      epoch,
      push: () => box.want("changes"),
      resend: () => box.want("snapshot"),
      call: (call, limitMs) => calls.once(call, limitMs),
      stream: (call, signal) => calls.stream(call, signal),
      close,
    };
    return { epoch, calls, outbox: box, session };
  }

  async #handleLive({ epoch, calls, outbox: box }: Live, frame: Exclude<AgentFrame, { t: "hello" }>): Promise<void> {
    const { nodeId, store, failpoint } = this.#deps;
    if (frame.epoch !== epoch) return this.#close(closeCodes.superseded, `epoch ${frame.epoch} is over`);
    switch (frame.t) {
      case "status": {
        const at = onAWake(failpoint, frame.items.some(wakes));
        at("status.received");
        const changed = await store.status(nodeId, frame);
        at("status.stored");
        this.#send({ t: "ack", epoch, seq: frame.seq });
        at("status.acked");
        return changed ? box.want("changes") : undefined;
      }
      case "events": {
        const at = onAWake(
          failpoint,
          frame.items.some((event) => event.kind === "wake"),
        );
        at("events.received");
        const events = await store.events(nodeId, frame);
        at("events.stored");
        this.#send({ t: "ack", epoch, events });
        return at("events.acked");
      }
      case "hb": {
        const rev = await store.heartbeat(nodeId, frame);
        this.#send({ t: "hb", epoch, rev: box.rev() });
        return box.heartbeat(frame.appliedRev, rev);
      }
      case "resync":
        return box.want("snapshot");
      case "chunk":
      case "reply":
        return calls.receive(frame);
    }
  }

  #send(frame: ControlFrame): void {
    if (this.#over) return;
    const { nodeId, wire, log } = this.#deps;
    const text = JSON.stringify(frame);
    if (wire.buffered() > bufferedBytesMax) return this.#close(closeCodes.tooSlow, "the agent reads too slowly");
    const bytes = Buffer.byteLength(text);
    if (bytes <= frameBytesMax) return wire.send(text);
    log.error({ node: nodeId, frame: frame.t, bytes }, "a frame is too large to be sent");
    this.#close(closeCodes.badFrame, `a frame ${frame.t} of the control plane is too large`);
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const code = error instanceof AppError ? error.code : undefined;
    if (error instanceof FrameError) this.#close(closeCodes.badFrame, error.message);
    else if (code === "conflict") this.#close(closeCodes.superseded, "this epoch is over");
    else if (code === "node_secret_invalid") this.#close(closeCodes.revoked, "this node was revoked");
    else {
      // The agent keeps what was not acknowledged and comes back with it.
      this.#deps.log.error(
        { node: this.#deps.nodeId, reason: messageOf(error) },
        "a frame of a node could not be taken in",
      );
      this.#close(closeCodes.goingAway, "the control plane could not store this; come back");
    }
  }

  #close(code: number, reason: string): void {
    if (this.#over) return;
    this.#finish();
    this.#deps.wire.close(code, reason);
  }

  #finish(): void {
    const { nodeId, hub, store, log } = this.#deps;
    this.#over = true;
    this.#ended.abort(new Error("the connection is over"));
    this.#inbox.stop();
    this.#stopTimers();
    if (!this.#live) return;
    const { epoch, calls, session } = this.#live;
    hub.remove(nodeId, session);
    store.ended(nodeId, epoch).catch((error: unknown) => {
      log.warn({ node: nodeId, reason: messageOf(error) }, "the end of a session could not be stored");
    });
    calls.failAll(new AppError("node_unreachable", "The connection to the node broke. Try again."));
  }
}

/** Points of a wake: frames about anything else pass them without a look. */
const onAWake =
  (failpoint: Failpoints, wake: boolean): Failpoints =>
  (name) => {
    if (wake) failpoint(name);
  };

const wakes = ({ state, cause }: StatusItem): boolean => state === "starting" && cause?.kind !== "adopted";
