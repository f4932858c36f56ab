import test from "ava";
import { Registry } from "./registry.ts";
import { estate, record, serverId } from "./testing/estate.ts";
import { installation, spec } from "./testing/fakes.ts";

const wake = (gen: number) => ({ gen, kick: { gen, kind: "wake" as const } });

test("a snapshot deploys what is new; a change follows on the revision before or is refused", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 5, snapshot: [record(1)], adopt: false });
  await all.settle();
  t.is(all.state(serverId(1)), "hibernated/held");
  t.false(all.registry.desired({ prev: 4, rev: 6, upsert: [record(2)], remove: [] }));
  t.is(all.registry.rev, 5);
  t.true(all.registry.desired({ prev: 5, rev: 6, upsert: [record(2), record(1, wake(2))], remove: [] }));
  await all.settle();
  t.is(all.registry.rev, 6);
  t.is(all.state(serverId(1)), "ready");
  t.is(all.state(serverId(2)), "hibernated/held");
});

test("a server that was deleted is forgotten once its record is gone", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, wake(2))], adopt: false });
  await all.settle();
  all.registry.desired({ prev: 1, rev: 2, upsert: [record(1, { gen: 3, want: "absent", purge: true })], remove: [] });
  await all.settle();
  t.is(all.state(serverId(1)), "absent");
  all.registry.desired({ prev: 2, rev: 3, upsert: [], remove: [serverId(1)] });
  t.deepEqual(all.registry.report(), []);
  t.is(all.engine.units.size, 0);
});

test("a new agent goes on without a control plane: a packet still wakes, an answered kick is not answered again", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, wake(2)), record(2)], adopt: false });
  await all.settle();
  const restart = { gen: 3, kick: { gen: 3, kind: "restart" as const } };
  all.registry.desired({ prev: 1, rev: 2, upsert: [record(1, restart)], remove: [] });
  await all.settle();
  const { startedAt } = all.engine.units.get(serverId(1))!.game!;
  await all.advance(1_000);
  await all.restartAgent();
  t.is(all.registry.rev, 2);
  t.is(all.state(serverId(1)), "ready");
  t.is(all.engine.units.get(serverId(1))!.game!.startedAt, startedAt);
  all.door.knock(serverId(2));
  await all.settle();
  t.is(all.state(serverId(2)), "ready");
});

test("a lost state file is harmless: the snapshot finds everything as it stands", async (t) => {
  const all = await estate();
  const snapshot = [record(1, wake(2)), record(2)];
  await all.registry.snapshot({ rev: 1, snapshot, adopt: false });
  await all.settle();
  all.stateFile.state = null;
  await all.restartAgent();
  t.deepEqual(
    all.registry
      .report()
      .map((item) => [item.state, item.cause?.kind])
      .sort(),
    [
      ["hibernated", "adopted"],
      ["ready", "adopted"],
    ],
  );
  const routes = new Map(all.door.routes);
  await all.registry.snapshot({ rev: 1, snapshot, adopt: false });
  await all.settle();
  t.is(all.state(serverId(1)), "ready");
  t.is(all.runtime.calls.filter((call) => call.method === "startGame").length, 0);
  t.deepEqual(all.door.routes, routes);
});

test("one that the control plane does not know is stopped after two snapshots a minute apart; its files stay", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, wake(2))], adopt: false });
  await all.settle();
  await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  await all.advance(30_000);
  await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  t.is(all.state(serverId(1)), "ready", "half a minute is not enough");
  await all.advance(31_000);
  t.true(all.resyncs > 0, "the agent itself asks for the second look");
  await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  await all.settle();
  await all.advance(11_000);
  t.deepEqual(all.registry.report(), []);
  t.is(all.engine.units.size, 0);
  t.true(all.files.metas.has(serverId(1)));
  t.is(all.events.filter((event) => event.kind === "orphan").length, 1);
  t.false(all.door.routes.has(serverId(1)));
});

test("an orphan that somebody plays on is left alone until they leave", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, { ...wake(2), idleSeconds: null })], adopt: false });
  await all.settle();
  const { address } = all.engine.units.get(serverId(1))!.holder!;
  all.readiness.playing.set(address, { online: 1, max: 8 });
  for (let i = 0; i < 4; i++) {
    await all.advance(40_000);
    await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  }
  t.is(all.state(serverId(1)), "ready");
  all.readiness.playing.delete(address);
  await all.advance(20_000);
  await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  await all.settle();
  await all.advance(11_000);
  t.is(all.engine.units.size, 0);
});

test("a unit without any record is ended gently by the same rule", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, wake(2))], adopt: false });
  await all.settle();
  all.stateFile.state = null;
  await all.restartAgent();
  await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  await all.advance(61_000);
  await all.registry.snapshot({ rev: 2, snapshot: [], adopt: false });
  await all.settle();
  t.is(all.engine.units.size, 0);
});

test("in adopt mode what runs wins: nothing is stopped, nothing is taken from an older database", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 9, snapshot: [record(1, wake(2)), record(2)], adopt: false });
  await all.settle();
  const older = [record(1, { want: "absent", purge: true }), record(3)];
  for (let i = 0; i < 3; i++) {
    await all.registry.snapshot({ rev: 4, snapshot: older, adopt: true });
    await all.advance(70_000);
  }
  t.is(all.state(serverId(1)), "ready");
  t.is(all.state(serverId(2)), "hibernated/held");
  t.is(all.state(serverId(3)), undefined);
  t.is(all.registry.rev, 9, "still ahead, so that the control plane sees it");
  await all.registry.snapshot({ rev: 10, snapshot: older, adopt: false });
  await all.settle();
  t.is(all.state(serverId(1)), "absent", "an operator has confirmed");
});

test("a server that somebody started behind the agent's back is taken up", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1)], adopt: false });
  await all.settle();
  all.engine.start(serverId(1));
  await all.advance(31_000);
  t.is(all.state(serverId(1)), "ready");
});

test("a crash that no event told is found by the next look", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, wake(2))], adopt: false });
  await all.settle();
  const { game } = all.engine.units.get(serverId(1))!;
  Object.assign(game!, { running: false, exit: { code: 2, outOfMemory: false, at: all.ports.clock.now() } });
  await all.advance(30_500);
  t.is(all.events.filter((event) => event.kind === "crash").length, 1);
});

test("many that wake at once are started a few at a time", async (t) => {
  const all = await estate();
  const many = Array.from({ length: 20 }, (_, i) => record(i + 1));
  await all.registry.snapshot({ rev: 1, snapshot: many, adopt: false });
  await all.settle();
  const release = all.runtime.hold("startGame");
  for (const { id } of many) all.door.knock(id);
  await all.settle();
  t.is(all.runtime.calls.filter((call) => call.method === "startGame").length, 4);
  release();
  await all.settle();
  t.is(all.registry.report().filter((item) => item.state === "ready").length, 20);
});

test("a door that comes back with ports it could not bind has that told, and taken back", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1)], adopt: false });
  await all.settle();
  all.door.failures = [{ server: serverId(1), protocol: "udp", port: 20_000, message: "another program" }];
  all.door.connect(false);
  all.door.connect(true);
  await all.settle();
  t.is(all.registry.get(serverId(1))!.status().detail.error?.code, "port_taken");
  all.door.failures = [];
  all.door.connect(true);
  await all.settle();
  t.is(all.registry.get(serverId(1))!.status().detail.error, undefined);
  t.is(all.events.filter((event) => event.kind === "door_lost").length, 1);
});

test("whom the door turned away becomes an event of that server; of servers that are not known here none", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1)], adopt: false });
  await all.settle();
  const one = { reason: "not_allowed", refused: 12, sources: 3, source: "192.0.2.1" } as const;
  all.door.refuse({ server: serverId(1), ...one }, { server: serverId(9), ...one });
  const told = all.events.filter((event) => event.kind === "refused");
  t.is(told.length, 1);
  const data = { reason: "not_allowed", count: 12, sources: 3, source: "192.0.2.1" };
  t.like(told[0], { server: serverId(1), data });
});

test("the record of another installation is not taken for ours", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 7, snapshot: [record(1, { spec: spec() })], adopt: false });
  await all.settle();
  all.stateFile.state!.installation = "inst_00000000000000000000000009";
  await all.restartAgent();
  t.is(all.registry.rev, 0);
});

test("what was found is waited for until it answers, without the clock, and no longer than the limit", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1, wake(2))], adopt: false });
  await all.settle();
  const { address } = all.engine.units.get(serverId(1))!.holder!;
  const settled = async (): Promise<() => boolean> => {
    all.readiness.mute.add(address);
    all.stateFile.state!.memories = {};
    await all.restartAgent();
    let done = false;
    void all.registry.settled(3_000).then(() => (done = true));
    await all.settle();
    return () => done;
  };
  const answers = await settled();
  t.false(answers());
  all.readiness.mute.clear();
  all.engine.print(serverId(1), "up");
  await all.settle();
  t.true(answers());
  const silent = await settled();
  await all.advance(2_999);
  t.false(silent());
  await all.advance(1);
  t.true(silent());
});

test("a state file of which a part is lost is no reason to give up the ports of what it hides", async (t) => {
  const all = await estate();
  await all.registry.snapshot({ rev: 1, snapshot: [record(1), record(2)], adopt: false });
  await all.settle();
  const load = all.stateFile.load.bind(all.stateFile);
  for (const whole of [true, false]) {
    all.stateFile.load = async () => ({ ...(await load())!, whole });
    const registry = new Registry(all.agent().world, all.stateFile, installation);
    const [known] = await Promise.all([registry.open(), all.settle()]);
    t.is(known, whole, "the door waits for a snapshot unless all is known");
    t.is(registry.report().length, 2);
    await registry.close();
  }
});
