import test from "ava";
import { AppError } from "@playspawn/shared";
import { blank } from "./state-file.ts";
import { awake, sleeping, type House } from "./testing/house.ts";

/** Falling asleep for want of players, in a save that does not end. */
async function draining(): Promise<House> {
  const one = await awake({ idleSeconds: 30 });
  one.manners.unsaving.add(one.id);
  for (let i = 0; i < 200 && one.status().state !== "draining"; i++) await one.advance(1_000);
  one.manners.unsaving.delete(one.id);
  return one;
}

test("a wake kick while it drains for idleness wins, and its idle time starts anew", async (t) => {
  const one = await draining();
  await one.kick("wake");
  await one.advance(29_000);
  t.deepEqual(one.states, ["ready", "draining", "ready"]);
  t.is(one.status().kick, one.supervisor.desired.gen, "answered by being awake");
  await one.advance(3_000);
  t.is(one.status().state, "hibernated");
});

test("a restart kick while it drains for idleness restarts", async (t) => {
  const one = await draining();
  await one.kick("restart");
  await one.settle();
  t.deepEqual(one.states, ["ready", "draining", "ready", "stopping", "starting", "ready"]);
  t.is(one.status().kick, one.supervisor.desired.gen);
});

test("a knock while it drains for idleness starts its idle time anew", async (t) => {
  const one = await draining();
  one.door.knock(one.id);
  await one.settle();
  await one.advance(29_000);
  t.deepEqual(one.states, ["ready", "draining", "ready"]);
});

test("a wake kick to one that is awake and about to fall asleep is answered by staying awake", async (t) => {
  const one = await awake({ idleSeconds: 100 });
  await one.advance(95_000);
  await one.kick("wake");
  await one.advance(60_000);
  t.deepEqual(one.states, ["ready"]);
});

test("a hibernate kick that waits is not answered by a restart that heals the network", async (t) => {
  const one = await awake();
  const release = one.runtime.hold("list");
  one.engine.dropHolder(one.id);
  await one.settle();
  await one.kick("hibernate");
  release();
  await one.settle();
  t.is(one.status().state, "hibernated");
  t.is(one.status().kick, one.supervisor.desired.gen);
});

test("a save whose game died ends with it: nothing is typed into the next run", async (t) => {
  const one = await awake();
  one.manners.unsaving.add(one.id);
  await one.kick("hibernate");
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  await one.advance(2_100);
  t.is(one.status().detail.error?.code, "game_crashed");
  t.is(one.status().detail.progress, undefined);
  await one.advance(20_000);
  t.is(one.status().state, "ready");
  t.deepEqual(one.engine.units.get(one.id)!.game!.stdin, ["save"]);
});

test("cold leaves nothing on the engine, also of one whose holder died while it was down", async (t) => {
  const one = await awake({ idleSeconds: null });
  one.manners.crashing.set(one.id, 3);
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  one.engine.dropHolder(one.id);
  await one.settle();
  await one.kick("hibernate");
  t.is(one.status().tier, "cold");
  t.false(one.engine.units.has(one.id));
});

test("a wake that is called off before it has a holder leaves nothing on the engine", async (t) => {
  const one = await sleeping();
  await one.kick("hibernate", "cold");
  const release = one.runtime.hold("ensureImage");
  await one.kick("wake");
  await one.desire({ want: "stopped" });
  release();
  await one.settle();
  t.is(one.status().state, "stopped");
  t.false(one.engine.units.has(one.id));
});

test("the time empty that an event of sleep tells is the setting of its day", async (t) => {
  const one = await awake({ idleSeconds: 100 });
  await one.advance(120_000);
  t.is(one.events.find((event) => event.kind === "sleep")!.data["idleSeconds"], 100);
});

test("a stop that the engine refused asks the game again and does not kill it", async (t) => {
  const one = await awake();

  one.manners.stubborn.add(one.id);
  one.runtime.fail("signalGame", new AppError("docker_unavailable", "Docker does not answer."), 2);
  await one.desire({ want: "stopped" });
  await one.advance(11_000);
  t.is(one.status().state, "failed");
  one.manners.stubborn.delete(one.id);
  const game = one.engine.units.get(one.id)!.game!;
  await one.advance(10_000);
  t.is(one.status().state, "stopped");
  t.is(game.exit?.code, 0, "by its own will");
});

test("a holder is kept for as long as it is said, also for longer than a timer can count", async (t) => {
  const one = await sleeping({}, { holdHeldMs: 365 * 86_400_000 });
  const pending = one.ports.pending();
  await one.advance(3_600_000 * 30);
  t.is(one.status().tier, "held");
  t.is(one.ports.pending(), pending, "one alarm at a time");
});

/** In a boot that does not end by itself. */
async function starting(): Promise<House> {
  const one = await sleeping();
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  return one;
}

test("a hibernate kick while it starts calls the boot off, players at the door or not", async (t) => {
  for (const knocks of [false, true]) {
    const one = await starting();
    if (knocks) one.door.knock(one.id);
    await one.kick("hibernate");
    await one.advance(60_000);
    t.deepEqual(one.states, ["hibernated/held", "starting", "hibernating", "hibernated/held"]);
    t.is(one.status().kick, one.supervisor.desired.gen);
    t.is(one.called("startGame"), 2, "the first proved that it can, the second was called off");
  }
});

test("a restart kick while it starts begins the boot anew, once", async (t) => {
  const one = await starting();
  one.readiness.mute.clear();
  await one.kick("restart");
  await one.advance(60_000);
  t.deepEqual(one.states, ["hibernated/held", "starting", "hibernating", "hibernated/held", "starting", "ready"]);
  t.is(one.status().cause?.kind, "restart");
  t.is(one.status().kick, one.supervisor.desired.gen);
});

test("a hibernate kick while a game that was found is asked saves it first", async (t) => {
  const one = await awake();
  one.readiness.mute.add(one.address());
  const { game } = one.engine.units.get(one.id)!;
  await one.restartAgent({ memory: blank });
  t.is(one.status().state, "starting");
  await one.kick("hibernate");
  await one.advance(30_000);
  t.deepEqual(game!.stdin, ["save"]);
  t.is(one.status().state, "hibernated");
});

test("what somebody asks of the node itself acts once, like a kick, and leaves the record's kicks alone", async (t) => {
  const one = await awake();
  const { answered } = { answered: one.status().kick };
  one.supervisor.ask("hibernate");
  await one.settle();
  t.is(one.status().state, "hibernated");
  one.supervisor.ask("wake");
  await one.settle();
  t.is(one.status().state, "ready");
  t.is(one.status().kick, answered, "no record's kick was answered by it");
  await one.kick("hibernate");
  t.is(one.status().state, "hibernated");
  await one.advance(60_000);
  t.is(one.status().state, "hibernated", "nothing that was asked before acts again");
});

test("the record's kick comes before what is asked of the node itself, and both are answered", async (t) => {
  const one = await awake();
  const release = one.runtime.hold("list");
  one.engine.dropHolder(one.id);
  await one.settle();
  one.supervisor.ask("restart");
  await one.kick("hibernate");
  release();
  await one.settle();
  t.is(one.status().kick, one.supervisor.desired.gen);
  t.false(one.supervisor.busy);
});
