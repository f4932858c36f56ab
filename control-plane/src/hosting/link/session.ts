/**
 * One connection of a node, from its hello to its end. Knows the rules of the protocol, not the socket and not the
 * database: both are handed in, so that every rule can be tested by frames alone.
 */
import {
  AgentFrame,
  AppError,
  closeCodes,
  decode,
  FrameError,
  frameBytesMax,
  heartbeatMs,
  messageOf,
  silentIntervals,
  wireVersion,
  type ControlFrame,
  type Ports,
  type StatusItem,
} from "@playspawn/shared";
import type { Failpoints } from "../../platform/failpoints.ts";
import type { Log } from "../../platform/log.ts";
import { calls, type Calls } from "./calls.ts";
import type { Hub, LiveSession } from "./hub.ts";
import { intake } from "./intake.ts";
import { outbox, type Outbox } from "./outbox.ts";
import type { Desk, Wire } from "./wire.ts";

export interface SessionDeps {
  nodeId: string;
  wire: Wire;
  desk: Desk;
  hub: Hub;
  ports: Ports;
  log: Log;
  failpoint: Failpoints;
}

export interface Session {
  receive(text: string): void;
  /** The socket was closed, by whomever. */
  closed(): void;
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

interface Line {
  send(frame: ControlFrame): void;
  close(code: number, reason: string): void;
  fail(error: unknown): void;
  over(): boolean;
}

export function openSession(deps: SessionDeps): Session {
  const { nodeId, wire, desk, hub, ports, log } = deps;
  let live: Live | undefined;
  let heardAt = ports.clock.mono();
  let over = false;

  const close = (code: number, reason: string): void => {
    if (over) return;
    finish();
    wire.close(code, reason);
  };
  const line: Line = { send: (frame) => sendFrame(deps, line, frame), close, fail, over: () => over };
  const inbox = intake(wire, (text) => handle(decode(AgentFrame, text)), fail);

  async function handle(frame: AgentFrame): Promise<void> {
    if (live && frame.t !== "hello") return await handleLive(deps, line, live, frame);
    if (live || frame.t !== "hello") throw new FrameError(`the frame ${frame.t} is out of place here`);
    live = await welcome(deps, line, frame);
    if (!live) {
      hub.quarantine(nodeId);
      return close(closeCodes.quarantined, "two machines use this node's secret");
    }
    if (over) return await desk.ended(nodeId, live.epoch);
    hub.add(nodeId, live.session);
    // What changed between the snapshot and the registration had nobody to nudge.
    live.outbox.want("changes");
  }

  function fail(error: unknown): void {
    const code = error instanceof AppError ? error.code : undefined;
    if (error instanceof FrameError) close(closeCodes.badFrame, error.message);
    else if (code === "conflict") close(closeCodes.superseded, "this epoch is over");
    else if (code === "node_secret_invalid") close(closeCodes.revoked, "this node was revoked");
    else {
      // The agent keeps what was not acknowledged and comes back with it.
      log.error({ node: nodeId, reason: messageOf(error) }, "a frame of a node could not be taken in");
      close(closeCodes.goingAway, "the control plane could not store this; come back");
    }
  }

  const helloDue = ports.timers.after(helloLimitMs, () => {
    if (!live) close(closeCodes.badFrame, "no hello came within 10 s");
  });
  const watch = ports.timers.every(heartbeatMs, () => {
    if (ports.clock.mono() - heardAt >= silentIntervals * heartbeatMs)
      close(closeCodes.silent, "nothing was heard for three intervals");
  });

  function finish(): void {
    over = true;
    inbox.stop();
    helloDue();
    watch();
    if (!live) return;
    live.calls.failAll(new AppError("node_unreachable", "The connection to the node broke. Try again."));
    hub.remove(nodeId, live.session);
    desk.ended(nodeId, live.epoch).catch((error: unknown) => {
      log.warn({ node: nodeId, reason: messageOf(error) }, "the end of a session could not be stored");
    });
  }

  return {
    receive(text) {
      heardAt = ports.clock.mono();
      inbox.push(text);
    },
    closed() {
      if (!over) finish();
    },
  };
}

function sendFrame({ nodeId, wire, log }: SessionDeps, line: Line, frame: ControlFrame): void {
  if (line.over()) return;
  const text = JSON.stringify(frame);
  if (wire.buffered() > bufferedBytesMax) return line.close(closeCodes.tooSlow, "the agent reads too slowly");
  if (Buffer.byteLength(text) > frameBytesMax) {
    log.error({ node: nodeId, frame: frame.t, bytes: text.length }, "a frame is too large to be sent");
    return line.close(closeCodes.badFrame, `a frame ${frame.t} of the control plane is too large`);
  }
  wire.send(text);
}

/** @returns undefined when the node is in quarantine */
async function welcome(
  deps: SessionDeps,
  line: Line,
  hello: Extract<AgentFrame, { t: "hello" }>,
): Promise<Live | undefined> {
  const { nodeId, desk, log } = deps;
  const begun = await desk.hello(nodeId, hello);
  if (!begun) return undefined;
  const { epoch, rev, snapshot, adopt, logAck } = begun;
  const lane = calls(deps.ports.timers, (frame) => line.send({ ...frame, epoch }));
  const box = outbox({ nodeId, epoch, rev, desk, ...line, pushed: () => deps.failpoint("wake.pushed") });
  line.send({
    t: "welcome",
    v: wireVersion,
    epoch,
    rev,
    snapshot,
    session: { heartbeatMs },
    ack: logAck,
    adopt,
  });
  log.info({ node: nodeId, epoch, rev, adopt, servers: snapshot.length }, "a node is connected");
  const session: LiveSession = {
    epoch,
    push: () => box.want("changes"),
    resend: () => box.want("snapshot"),
    call: lane.once,
    stream: lane.stream,
    close: line.close,
  };
  return { epoch, calls: lane, outbox: box, session };
}

async function handleLive(
  { nodeId, desk, failpoint }: SessionDeps,
  line: Line,
  { epoch, calls: lane, outbox: box }: Live,
  frame: Exclude<AgentFrame, { t: "hello" }>,
): Promise<void> {
  if (frame.epoch !== epoch) return line.close(closeCodes.superseded, `epoch ${frame.epoch} is over`);
  switch (frame.t) {
    case "status": {
      const at = onAWake(failpoint, frame.items.some(wakes));
      at("status.received");
      const changed = await desk.status(nodeId, frame);
      at("status.stored");
      line.send({ t: "ack", epoch, seq: frame.seq });
      at("status.acked");
      return changed ? box.want("changes") : undefined;
    }
    case "events": {
      const tellsOfWake = frame.items.some((event) => event.kind === "wake");
      const at = onAWake(failpoint, tellsOfWake);
      at("events.received");
      const events = await desk.events(nodeId, frame);
      at("events.stored");
      line.send({ t: "ack", epoch, events });
      return at("events.acked");
    }
    case "hb": {
      const rev = await desk.heartbeat(nodeId, frame);
      line.send({ t: "hb", epoch, rev: box.rev() });
      return box.heartbeat(frame.appliedRev, rev);
    }
    case "resync":
      return box.want("snapshot");
    case "chunk":
    case "reply":
      return lane.receive(frame);
  }
}

/** Points of a wake: frames about anything else pass them without a look. */
const onAWake =
  (failpoint: Failpoints, wake: boolean): Failpoints =>
  (name) => {
    if (wake) failpoint(name);
  };

const wakes = ({ state, cause }: StatusItem): boolean => state === "starting" && cause?.kind !== "adopted";
