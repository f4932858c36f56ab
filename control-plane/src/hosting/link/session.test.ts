import { closeCodes, heartbeatMs, type ControlFrame } from "@playspawn/shared";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import { silentLog } from "../../platform/log.ts";
import { helloOf } from "../../testing/scripted-agent.ts";
import { budget } from "./budget.ts";
import { hub } from "./hub.ts";
import { Session } from "./session.ts";
import type { SessionStore } from "./wire.ts";

const store: SessionStore = {
  hello: async () => ({ rev: 0, snapshot: [], adopt: false, epoch: 1, logAck: 0 }),
  status: async () => false,
  events: async () => 0,
  heartbeat: async () => 0,
  snapshot: async () => ({ rev: 0, snapshot: [], adopt: false }),
  changes: async () => null,
  ended: async () => {},
};

function link(over: { store?: Partial<SessionStore>; buffered?: () => number } = {}) {
  const ports = fakePorts();
  const sent: ControlFrame[] = [];
  const calls: string[] = [];
  const live = hub();
  const session = new Session({
    nodeId: "node_x",
    wire: {
      send: (text) => sent.push(JSON.parse(text) as ControlFrame),
      close: (code) => calls.push(`close ${code}`),
      buffered: over.buffered ?? (() => 0),
      pause: () => calls.push("pause"),
      resume: () => calls.push("resume"),
    },
    store: { ...store, ...over.store },
    hub: live,
    budget: budget(ports.clock),
    ports,
    log: silentLog,
    failpoint: () => {},
  });
  const say = (frame: object): void => session.receive(JSON.stringify({ epoch: 1, ...frame }));
  return { ports, sent, calls, live, session, say, hello: () => session.receive(JSON.stringify(helloOf())) };
}

test("who says nothing for ten seconds is shown out, and leaves no timer behind", async (t) => {
  const { ports, calls } = link();
  await ports.advance(9_999);
  t.deepEqual(calls, []);
  await ports.advance(1);
  t.deepEqual(calls, [`close ${closeCodes.badFrame}`]);
  t.is(ports.pending(), 0);
});

test("silence of three intervals ends a session; any frame keeps it", async (t) => {
  const { ports, calls, hello, say, live } = link();
  hello();
  await ports.advance(2 * heartbeatMs);
  say({ t: "hb", appliedRev: 0, load: 0, memoryFreeBytes: 0, diskFreeBytes: 0 });
  await ports.advance(2 * heartbeatMs);
  t.deepEqual(calls, []);
  t.true(live.connected("node_x"));
  await ports.advance(heartbeatMs);
  t.deepEqual(calls, [`close ${closeCodes.silent}`]);
  t.false(live.connected("node_x"));
  t.is(ports.pending(), 0);
});

test("an agent that does not read is let go instead of filling the memory", async (t) => {
  let buffered = 0;
  const { ports, calls, hello, say } = link({ buffered: () => buffered });
  hello();
  await ports.advance(0);
  buffered = 5 * 1024 * 1024;
  say({ t: "resync", appliedRev: 0 });
  await ports.advance(0);
  t.deepEqual(calls, [`close ${closeCodes.tooSlow}`]);
});

test("an agent that does not read when it is asked something is let go for good", async (t) => {
  let buffered = 0;
  const ended: number[] = [];
  const { ports, calls, live, hello } = link({
    buffered: () => buffered,
    store: { ended: async (_node, epoch) => void ended.push(epoch) },
  });
  hello();
  await ports.advance(0);
  const { call } = live.get("node_x");
  buffered = 5 * 1024 * 1024;
  await t.throwsAsync(call({ op: "ports.check", ports: [] }, 1000), { message: /connection to the node broke/ });
  t.deepEqual(calls, [`close ${closeCodes.tooSlow}`]);
  t.false(live.connected("node_x"));
  t.deepEqual(ended, [1]);
  t.is(ports.pending(), 0);
});

test("frames that come faster than they are stored stop the reading, which goes on later", async (t) => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { ports, calls, hello, say, sent } = link({ store: { status: () => gate.then(() => false) } });
  hello();
  await ports.advance(0);
  for (let seq = 1; seq <= 70; seq++) say({ t: "status", seq, items: [] });
  t.deepEqual(calls, ["pause"]);
  release();
  for (let i = 0; i < 50; i++) await ports.advance(0);
  t.deepEqual(calls, ["pause", "resume"]);
  t.deepEqual(
    sent.filter((frame) => frame.t === "ack").map((frame) => frame.seq),
    Array.from({ length: 70 }, (_, i) => i + 1),
  );
});

test("a node that sends far more than any agent is read more slowly, and ends as soon as its socket does", async (t) => {
  let beats = 0;
  const { ports, hello, say, session } = link({ store: { heartbeat: async () => ++beats } });
  hello();
  await ports.advance(0);
  const before = ports.pending();
  for (let i = 0; i < 1000; i++) say({ t: "hb", appliedRev: 0, load: 0, memoryFreeBytes: 0, diskFreeBytes: 0 });
  for (let i = 0; i < 50; i++) await ports.advance(0);
  const atOnce = beats;
  t.true(atOnce >= 10 && atOnce <= 50, String(atOnce));
  await ports.advance(10_000);
  t.is(beats - atOnce, 20, "two in a second");
  session.closed();
  await ports.advance(0);
  t.is(ports.pending(), before - 2);
  t.is(beats - atOnce, 20);
});

test("a node that waits with large frames keeps few of them here", async (t) => {
  const gate = new Promise<boolean>(() => {});
  const { ports, calls, hello, say, session } = link({ store: { status: () => gate } });
  hello();
  await ports.advance(0);
  say({ t: "status", seq: 1, items: [] });
  for (let i = 0; i < 5; i++) session.receive(" ".repeat(1024 * 1024));
  t.deepEqual(calls, ["pause"]);
});

test("what cannot be stored is not acknowledged: the agent is to come back with it", async (t) => {
  const { ports, calls, hello, say, sent } = link({ store: { status: () => Promise.reject(new Error("disk full")) } });
  hello();
  await ports.advance(0);
  say({ t: "status", seq: 1, items: [] });
  await ports.advance(0);
  t.deepEqual(calls, [`close ${closeCodes.goingAway}`]);
  t.false(sent.some((frame) => frame.t === "ack"));
});

test("a snapshot that is too large for a frame ends the session with a word in the log, not the process", async (t) => {
  const snapshot = [{ id: "x".repeat(2 * 1024 * 1024), spec: {} }] as never;
  const { ports, calls, hello } = link({
    store: { hello: async () => ({ rev: 0, snapshot, adopt: false, epoch: 1, logAck: 0 }) },
  });
  hello();
  await ports.advance(0);
  t.deepEqual(calls, [`close ${closeCodes.badFrame}`]);
});

test("a socket that ends while its hello is stored leaves nobody connected", async (t) => {
  const ended: number[] = [];
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { ports, hello, live, session } = link({
    store: {
      hello: () => gate.then(() => ({ rev: 0, snapshot: [], adopt: false, epoch: 3, logAck: 0 })),
      ended: async (_node, epoch) => void ended.push(epoch),
    },
  });
  hello();
  session.closed();
  release();
  await ports.advance(0);
  t.false(live.connected("node_x"));
  t.deepEqual(ended, [3]);
  t.is(ports.pending(), 0);
});
