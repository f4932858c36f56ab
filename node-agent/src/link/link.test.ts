import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { AppError, closeCodes, failpoint, type Call, type Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { failpointNames } from "../failpoints.ts";
import { openEventLog, type EventLog } from "../servers/event-log.ts";
import { Registry } from "../servers/registry.ts";
import { record, serverId } from "../servers/testing/estate.ts";
import { installation, machine } from "../servers/testing/fakes.ts";
import { link } from "./link.ts";
import { control, welcome, type Control, type Peer } from "./testing/control.ts";

const log = pino({ level: "silent" });

interface Scene {
  /** What an operator hears of. */
  told: string[];
  registry: Registry;
  events: EventLog;
  control: Control;
  first: Peer;
  ports: Ports;
  /** What the node can now. */
  capabilities: Record<string, string>;
  wake(n: number): void;
  /** Lets the servers' own clock go on. */
  advance(ms: number): Promise<void>;
}

/** Real time, but waits of more than a second pass in a hundredth of it. */
const hasty: Ports = {
  ...systemPorts,
  timers: {
    ...systemPorts.timers,
    sleep: (ms, signal) => systemPorts.timers.sleep(ms > 1_000 ? ms / 100 : ms, signal),
  },
};

async function* endless(signal: AbortSignal): AsyncGenerator<string> {
  for (let i = 0; !signal.aborted; i++) yield `line ${i} – ü`;
}

async function scene(
  t: ExecutionContext,
  servers = 0,
  handlers: { logs?: (request: Call) => AsyncIterable<string> } = {},
): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-link-"));
  const here = machine();
  const { world } = here.agent();
  const events = await openEventLog(join(folder, "log.jsonl"), systemPorts, log);
  // The servers live on a clock of their own that stands still; only what is sent and when is looked at here.
  const registry = new Registry({ ...world, tell: (event) => events.append(event) }, here.stateFile, installation);
  await registry.open();
  const peer = await control();
  const told: string[] = [];
  const capabilities: Record<string, string> = { cgroup: "v1" };
  const connection = link({
    ports: hasty,
    log,
    registry,
    events,
    controlUrl: peer.url,
    identity: { nodeId: "node_1", secret: "s3cret" },
    fail: failpoint(failpointNames, undefined, () => undefined),
    introduction: () =>
      Promise.resolve({
        machine: "engine/machine",
        boot: "boot",
        run: "run_1",
        capacity: {
          memoryBytes: 1,
          cpus: 1,
          diskFreeBytes: 1,
          ports: { from: 20_000, to: 20_010 },
          address: "127.0.0.1",
        },
      }),
    capabilities: () => Promise.resolve({ ...capabilities }),
    load: () => Promise.resolve({ load: 0.5, memoryFreeBytes: 1, diskFreeBytes: 1 }),
    handlers: {
      checkPorts: (ports) => Promise.resolve({ taken: ports.map((port) => ({ ...port, by: "a test" })) }),
      logs: (request, signal) => handlers.logs?.(request) ?? endless(signal),
      stats: () =>
        Promise.resolve({ cpu_percent: 12, memory_percent: 50, memory_used_mb: 32, status: "ready" as const }),
      examine: () => Promise.resolve({ image: { id: "sha256:1", digest: null }, listening: [], query: null }),
      imageDigest: () => Promise.resolve({ digest: `sha256:${"d".repeat(64)}` }),
    },
    onWelcome: () => undefined,
    onTrouble: (sentence) => void told.push(sentence),
  });
  const first = await peer.next();
  t.teardown(async () => {
    await peer.close();
    await connection.close();
    await registry.close();
    await events.close();
    await rm(folder, { recursive: true });
  });
  if (servers > 0) {
    const snapshot = Array.from({ length: servers }, (_, i) => record(i + 1));
    first.send(welcome(1, snapshot));
    await first.frame("status", (frame) => frame.items.some((item) => item.state === "hibernated"));
  }
  return {
    registry,
    events,
    control: peer,
    first,
    ports: hasty,
    capabilities,
    told,
    wake: (n) => here.door.knock(serverId(n)),
    advance: here.ports.advance,
  };
}

test("hello names the node, its machine and everything that stands; the secret goes in the headers", async (t) => {
  const { first } = await scene(t);
  t.is(first.headers["x-node-id"], "node_1");
  t.is(first.headers["x-node-secret"], "s3cret");
  const hello = await first.frame("hello");
  t.like(hello, { machine: "engine/machine", appliedRev: 0, report: [] });
  t.regex(hello.log.id, /^log_/);
});

test("the welcome's snapshot is applied; statuses carry the epoch and stay until they are acknowledged", async (t) => {
  const { first, registry, control: peer } = await scene(t, 1);
  t.is(registry.rev, 1);
  const status = await first.frame("status", (frame) => frame.items.some((item) => item.state === "hibernated"));
  t.is(status.epoch, 1);
  t.is(status.items[0]!.id, serverId(1));
  first.socket.terminate();
  const second = await peer.next();
  const hello = await second.frame("hello");
  t.is(hello.report.length, 1, "a new connection starts with the full report");
  t.is(hello.appliedRev, 1);
});

test("what changes between hello and welcome is told after it", async (t) => {
  const { first, registry, control: peer, wake, advance } = await scene(t, 1);
  first.socket.terminate();
  const second = await peer.next();
  wake(1);
  const server = registry.get(serverId(1))!;
  for (let step = 0; step < 100 && server.status().state !== "ready"; step++) await advance(10);
  t.is(server.status().state, "ready");
  second.send(welcome(2, [record(1)]));
  await second.frame("status", (frame) => frame.items.some(({ state }) => state === "ready"));
});

test("events go up in order, one batch at a time, and again after a broken connection", async (t) => {
  const { first, events, control: peer } = await scene(t);
  const tell = (name: string) =>
    events.append({ server: null, gen: 0, kind: "door_lost", cause: null, data: { name } });
  first.send(welcome(1));
  tell("a");
  const batch = await first.frame("events");
  t.is(batch.log, events.id);
  tell("b");
  await events.flushed();
  t.is(first.frames.filter((frame) => frame.t === "events").length, 1, "the next batch waits for the acknowledgement");
  first.send({ t: "ack", epoch: 1, events: batch.items[0]!.n });
  const next = await first.frame("events", (frame) => frame.items[0]!.data["name"] === "b");
  t.deepEqual(
    next.items.map((event) => event.n),
    [2],
  );
  first.socket.terminate();
  const second = await peer.next();
  second.send(welcome(2, [], { ack: 1 }));
  t.deepEqual(
    (await second.frame("events")).items.map((event) => event.n),
    [2],
  );
  second.send({ t: "ack", epoch: 2, events: 2 });
  second.send({ t: "call", epoch: 2, id: 1, credit: 1000, call: { op: "ports.check", ports: [] } });
  await second.frame("reply");
  t.deepEqual(events.after(0, 10), [], "the ack was taken in before the call");
});

test("a change that does not follow is answered with resync, and the snapshot repairs it", async (t) => {
  const { first, registry } = await scene(t);
  first.send(welcome(1));
  first.send({ t: "desired", epoch: 1, prev: 7, rev: 8, upsert: [record(1)], remove: [] });
  t.is((await first.frame("resync")).appliedRev, 1);
  first.send({ t: "snapshot", epoch: 1, rev: 8, snapshot: [record(1)], adopt: false });
  await first.frame("status", (frame) => frame.items.some((item) => item.id === serverId(1)));
  t.is(registry.rev, 8);
});

test("a frame of another epoch ends the connection, and the next one starts anew", async (t) => {
  const { first, registry, control: peer } = await scene(t);
  first.send(welcome(3));
  first.send({ t: "desired", epoch: 2, prev: 1, rev: 2, upsert: [record(1)], remove: [] });
  t.is(await first.closed, closeCodes.superseded);
  t.deepEqual(registry.report(), []);
  (await peer.next()).send(welcome(4));
  t.pass();
});

test("what is not a frame, or comes before welcome, ends the connection", async (t) => {
  const { first, control: peer } = await scene(t);
  first.socket.send("{]");
  t.is(await first.closed, closeCodes.badFrame);
  const second = await peer.next();
  second.send({ t: "hb", epoch: 1, rev: 1 });
  t.is(await second.closed, closeCodes.badFrame);
  const third = await peer.next();
  third.socket.send(Buffer.from([1, 2, 3]));
  t.is(await third.closed, closeCodes.badFrame);
});

test("heartbeats come about as often as the welcome says; silence for three intervals ends the connection", async (t) => {
  const { first, control: peer, capabilities } = await scene(t);
  t.deepEqual((await first.frame("hello")).capabilities, { cgroup: "v1" });
  capabilities["path"] = "kernel";
  first.send(welcome(1, [], { session: { heartbeatMs: 50 } }));
  const beat = await first.frame("hb");
  t.like(beat, { epoch: 1, appliedRev: 1, load: 0.5, capabilities: { cgroup: "v1", path: "kernel" } });
  first.send({ t: "hb", epoch: 1, rev: 1 });
  const next = await first.frame("hb", (frame) => frame !== beat);
  t.is(next.capabilities, undefined, "what changed is told once");
  t.is(await first.closed, closeCodes.silent);
  await peer.next();
  t.pass();
});

test("superseded waits; refused says so and asks again rarely; a good secret is taken at once", async (t) => {
  const { first, control: peer, ports, told } = await scene(t);
  const from = ports.clock.mono();
  first.socket.close(closeCodes.superseded);
  const second = await peer.next();
  t.true(ports.clock.mono() - from >= 300, "thirty seconds, here a hundredth of them");
  peer.refuse = 401;
  const refusal = peer.refused();
  const revoked = ports.clock.mono();
  second.socket.close(closeCodes.revoked);
  await refusal;
  t.true(ports.clock.mono() - revoked >= 600, "a minute, here a hundredth of it");
  peer.refuse = 0;
  await peer.next();
  t.deepEqual(told, [
    "This node's secret was revoked. Join again with a new token; its servers run on.",
    `${peer.url} does not take this node (the control plane answered 401). Servers that run here run on.`,
  ]);
});

test("ports.check is answered", async (t) => {
  const { first } = await scene(t);
  first.send(welcome(1));
  const call: Call = { op: "ports.check", ports: [{ protocol: "udp", port: 20_001 }] };
  first.send({ t: "call", epoch: 1, id: 4, call, credit: 1000 });
  const reply = await first.frame("reply");
  t.deepEqual(reply, {
    t: "reply",
    epoch: 1,
    id: 4,
    result: { taken: [{ protocol: "udp", port: 20_001, by: "a test" }] },
  });
});

test("logs send no more than their credit, in whole characters, and end when cancelled", async (t) => {
  const { first } = await scene(t);
  first.send(welcome(1));
  const call: Call = { op: "logs", server: serverId(1), tail: 10, follow: true };
  first.send({ t: "call", epoch: 1, id: 5, call, credit: 1000 });
  const text = () => first.frames.flatMap((frame) => (frame.t === "chunk" ? [frame.data] : [])).join("");
  /** Frames are in order: with the answer to another call everything is here that was sent before it. */
  const caughtUp = async (id: number): Promise<void> => {
    first.send({ t: "call", epoch: 1, id, call: { op: "ports.check", ports: [] }, credit: 1000 });
    await first.frame("reply", (frame) => frame.id === id);
  };
  await first.frame("chunk", () => Buffer.byteLength(text()) > 990);
  await caughtUp(6);
  const bytes = Buffer.byteLength(text());
  t.true(bytes <= 1000 && bytes > 990, `${bytes} bytes on a credit of 1000`);
  first.send({ t: "credit", epoch: 1, id: 5, bytes: 70_000 });
  await first.frame("chunk", () => Buffer.byteLength(text()) > 70_990);
  await caughtUp(7);
  const all = text();
  t.true(Buffer.byteLength(all) <= 71_000);
  t.false(all.includes("\ufffd"), "no character was cut");
  const lines = all.split("\n").slice(0, -1);
  t.deepEqual(
    lines,
    lines.map((_, i) => `line ${i} – ü`),
    "no line was lost or doubled",
  );
  first.send({ t: "cancel", epoch: 1, id: 5 });
  first.send({ t: "credit", epoch: 1, id: 5, bytes: 70_000 });
  await caughtUp(8);
  t.is(text(), all);
});

test("a call that cannot be served is answered with its error", async (t) => {
  const { first } = await scene(t, 0, {
    // oxlint-disable-next-line require-yield -- it fails before it has anything
    async *logs() {
      throw new AppError("not_found", "This node does not know the server srv_x.");
    },
  });
  first.send(welcome(1));
  const call: Call = { op: "logs", server: "srv_x", tail: 1, follow: false };
  first.send({ t: "call", epoch: 1, id: 6, call, credit: 10 });
  t.is((await first.frame("reply")).error?.code, "not_found");
});

test("a wake is told while it happens", async (t) => {
  const { first, wake } = await scene(t, 2);
  wake(2);
  const starting = await first.frame("status", (frame) => frame.items.some((item) => item.cause?.kind === "packet"));
  t.deepEqual(
    starting.items.map((item) => item.id),
    [serverId(2)],
    "only what changed",
  );
  const events = await first.frame("events", (frame) => frame.items.some((event) => event.kind === "wake"));
  t.is(events.items.at(-1)?.cause?.kind, "packet");
});
