/** A sleeper on a machine that can freeze games: through every tier, and awake from each at any moment. */
import test, { type ExecutionContext } from "ava";
import { AppError, tiers, type DesiredServer, type Tier } from "@playspawn/shared";
import { spec } from "./testing/fakes.ts";
import { awake, sleeping, type House } from "./testing/house.ts";

const frosty = (change: Partial<DesiredServer> = {}): Promise<House> => awake(change, { freezes: true });
const asleep = (change: Partial<DesiredServer> = {}): Promise<House> => sleeping(change, { freezes: true });
const minute = 60_000;

const game = (one: House) => one.engine.units.get(one.id)!.game!;
const state = (one: House): string => [one.status().state, one.status().tier].filter(Boolean).join("/");
const last = (one: House, kind: string) => one.events.findLast((event) => event.kind === kind)?.data;

async function knocked(t: ExecutionContext, one: House): Promise<void> {
  one.door.knock(one.id);
  await one.settle();
  t.is(state(one), "ready");
  t.false(game(one).paused);
  t.is(one.door.modes(one.id).at(-1), "awake");
}

test("an idle server is saved and paused, and by and by sleeps deeper", async (t) => {
  const one = await frosty({ idleSeconds: 60 });
  await one.advance(75_000);
  t.is(state(one), "hibernated/paused");
  t.deepEqual(game(one).stdin, ["save"]);
  t.true(game(one).running && game(one).paused);
  t.like(last(one, "sleep"), { tier: "paused" });
  await one.advance(minute + 1_000);
  t.is(state(one), "hibernated/deep");
  t.like(last(one, "deeper"), { tier: "deep", beforeBytes: 16 * 1024 ** 2 });
  await one.advance(59 * minute);
  t.is(state(one), "hibernated/held");
  t.false(game(one).running);
  t.deepEqual(game(one).exit?.code, 0, "it was thawed and asked to stop");
  await one.advance(60 * minute);
  t.is(state(one), "hibernated/cold");
  t.false(one.engine.units.has(one.id));
  const walked = ["hibernated/paused", "hibernated/deep", "hibernated/held", "hibernated/cold"];
  t.deepEqual(one.states.slice(-4), walked);
});

for (const tier of tiers)
  test(`a packet wakes it from ${tier}, and its events say so`, async (t) => {
    const one = await frosty();
    const { startedAt } = game(one);
    await one.kick("hibernate", tier);
    t.is(state(one), `hibernated/${tier}`);
    await one.advance(1000);
    await knocked(t, one);
    const frozen = tier === "paused" || tier === "deep";
    t.is(game(one).startedAt === startedAt, frozen, "what was frozen boots nothing");
    t.like(last(one, "wake"), { tier, asleepMs: 1000 });
    t.like(last(one, "ready"), { tier });
  });

test("a wake while memory is being moved out ends that", async (t) => {
  const one = await asleep();
  const release = one.runtime.hold("reclaimGame");
  await one.kick("hibernate", "deep");
  t.is(state(one), "hibernated/paused");
  one.door.knock(one.id);
  release();
  await one.settle();
  t.is(state(one), "ready");
  t.is(last(one, "deeper"), undefined);
});

test("a wake while a frozen game is being stopped starts it again", async (t) => {
  const one = await asleep();
  one.manners.stubborn.add(one.id);
  await one.kick("hibernate", "cold");
  t.false(game(one).paused, "thawed to be told");
  one.door.knock(one.id);
  await one.settle();
  t.is(state(one), "hibernated/paused");
  await one.advance(10_000);
  t.is(state(one), "ready");
  t.truthy(one.engine.units.get(one.id)?.holder?.running, "it was not put deeper on its way");
  t.is(one.called("removeHolder"), 0);
});

test("a wake that comes while it is being paused waits for that, and thaws it", async (t) => {
  const one = await frosty();
  const release = one.runtime.hold("pauseGame");
  await one.kick("hibernate");
  t.is(state(one), "hibernating");
  one.door.knock(one.id);
  release();
  await one.settle();
  t.is(state(one), "ready");
  t.false(game(one).paused);
});

test("a game that cannot be paused is stopped instead", async (t) => {
  const one = await frosty();
  one.runtime.fail("pauseGame", new AppError("internal", "no freezer"));
  await one.kick("hibernate");
  t.is(state(one), "hibernated/held");
});

test("nobody is frozen with somebody on, who came while the world was saved or whom no query tells", async (t) => {
  for (const players of [{ online: 1, max: 8 }, "silent"] as const) {
    const one = await frosty({ idleSeconds: 60 });
    one.manners.unsaving.add(one.id);
    await one.advance(62_000);
    t.is(state(one), "draining");
    one.readiness.playing.set(one.address(), players);
    one.engine.print(one.id, "saved");
    await one.settle();
    await one.advance(3_000);
    t.is(state(one), "ready");
    t.is(one.called("pauseGame"), 0);
    await one.kick("hibernate", "paused");
    one.engine.print(one.id, "saved");
    await one.settle();
    await one.advance(3_000);
    t.is(state(one), "hibernated/held", "asked for all the same: stopped, as a frozen game loses its players too");
  }
});

test("one that dies while it is frozen is held, says so, and boots at the next wake", async (t) => {
  const one = await asleep();
  one.engine.stop(one.id, { code: 137, outOfMemory: true });
  await one.settle();
  t.is(state(one), "hibernated/held");
  t.like(last(one, "exit"), { outOfMemory: true, exitCode: 137 });
  await knocked(t, one);
});

test("one that dies or goes mute as it is thawed is booted by the same wake", async (t) => {
  const asks = spec({ readiness: { anyOf: [{ query: "teeworlds", port: "game" }], limitSeconds: 30 } });
  for (const trouble of ["dead", "mute"]) {
    const one = await asleep({ spec: asks });
    const { startedAt } = game(one);
    await one.advance(1);
    if (trouble === "mute") one.readiness.mute.add(one.address());
    else one.runtime.fail("resumeGame", new AppError("conflict", "it is not running"));
    one.door.knock(one.id);
    await one.settle();
    if (trouble === "mute") {
      t.is(state(one), "starting");
      await one.advance(7_000);
      one.readiness.mute.clear();
      await one.advance(1_000);
    }
    t.is(state(one), "ready", trouble);
    t.true(game(one).startedAt! > startedAt!, trouble);
    t.false(one.kinds().includes("crash"));
    await one.kick("hibernate", "paused");
    t.is(state(one), trouble === "mute" ? "hibernated/held" : "hibernated/paused", "nor frozen again if that was why");
  }
});

test("one that falls soon after its thaw is not frozen again until it is made of something else", async (t) => {
  const one = await asleep();
  await knocked(t, one);
  await one.advance(30_000);
  one.engine.stop(one.id, { code: 1, outOfMemory: false });
  await one.settle();
  t.is(one.status().state, "failed");
  await one.advance(6_000);
  t.is(state(one), "ready");
  await one.kick("hibernate", "paused");
  t.is(state(one), "hibernated/held");
  t.regex(one.status().detail.sleep?.why ?? "", /did not outlive being frozen/);
  await one.desire({ spec: spec({ env: { WATCHDOG: "off" } }) });
  await knocked(t, one);
  await one.kick("hibernate", "paused");
  t.is(state(one), "hibernated/paused");
  await knocked(t, one);
  await one.advance(300_000);
  one.engine.stop(one.id, { code: 1, outOfMemory: false });
  await one.settle();
  await one.advance(6_000);
  await one.kick("hibernate", "paused");
  t.is(state(one), "hibernated/paused", "minutes later it fell of something else");
});

test("settings that change under a frozen game make it held: it boots with them", async (t) => {
  const one = await asleep();
  await one.desire({ spec: spec({ env: { MAP: "dm2" } }) });
  t.is(state(one), "hibernated/held");
  await knocked(t, one);
  t.is(game(one).plan.spec.env["MAP"], "dm2");
  t.true(one.status().fresh);
});

test("a restart of a frozen game is one", async (t) => {
  const one = await asleep();
  const { startedAt } = game(one);
  await one.advance(1);
  await one.kick("restart");
  t.is(state(one), "ready");
  t.true(game(one).startedAt! > startedAt!);
});

test("stopped, deleted and kept awake are done to a frozen server as to any other", async (t) => {
  const off = await asleep();
  await off.desire({ want: "stopped" });
  t.is(off.status().state, "stopped");
  t.false(off.engine.units.has(off.id));
  const gone = await asleep();
  await gone.desire({ want: "absent", purge: true });
  t.is(gone.status().state, "absent");
  t.false(gone.engine.units.has(gone.id));
  const kept = await asleep();
  await kept.desire({ want: "running" });
  t.is(kept.status().state, "ready");
});

test("a newer version is taken by a frozen server as by any that sleeps", async (t) => {
  const one = await asleep();
  await one.desire({ update: { gen: one.supervisor.desired.gen + 1, spec: spec({ image: { ref: "tiny:2" } }) } });
  await one.settle();
  t.is(one.status().state, "hibernated");
  t.like(one.status().update, { phase: "done" });
});

test("the next agent finds it as frozen as it was, and whatever died meanwhile is no crash", async (t) => {
  for (const tier of ["paused", "deep"] as const) {
    const one = await frosty();
    await one.kick("hibernate", tier);
    await one.restartAgent();
    t.is(state(one), `hibernated/${tier}`);
    await knocked(t, one);
    await one.kick("hibernate", tier);
    const { supervisor } = one;
    supervisor.close();
    one.engine.stop(one.id, { code: 137, outOfMemory: true });
    await one.restartAgent();
    t.is(state(one), "hibernated/held");
    await knocked(t, one);
  }
});

test("what somebody else does to the container is taken as it is", async (t) => {
  const one = await asleep();
  one.engine.pause(one.id, false);
  one.supervisor.observe((await one.runtime.list())[0]!);
  await one.settle();
  t.is(state(one), "ready", "thawed by hand");
  one.engine.pause(one.id, true);
  one.supervisor.observe((await one.runtime.list())[0]!);
  await one.settle();
  t.is(state(one), "ready");
  t.false(game(one).paused, "players are on it: it may not stand still");
});

test("one whose memory does not leave is called paused, and is not tried again", async (t) => {
  const one = await frosty();
  one.engine.stuck.add(one.id);
  await one.kick("hibernate", "deep");
  t.is(state(one), "hibernated/paused");
  await one.advance(30 * minute);
  t.is(one.called("reclaimGame"), 1);
  t.is(state(one), "hibernated/paused");
  await one.advance(30 * minute);
  t.is(state(one), "hibernated/held");
});

test("tiers that its game or its machine do not have are skipped", async (t) => {
  const stiff = await frosty({ spec: spec({ sleep: { tiers: ["held", "cold"] } }) });
  await stiff.kick("hibernate", "paused");
  t.is(state(stiff), "hibernated/held");
  const one = await frosty();
  one.memory.ability = { pause: true, deep: false };
  await one.kick("hibernate", "deep");
  t.is(state(one), "hibernated/held");
  await one.kick("wake");
  await one.kick("hibernate");
  await one.advance(10 * minute);
  t.is(state(one), "hibernated/paused", "deep is passed over, held comes in its time");
});

test("where memory is short nobody is kept in it", async (t) => {
  const one = await frosty();
  one.memory.short = true;
  await one.kick("hibernate");
  t.is(state(one), "hibernated/deep");
  one.supervisor.giveWay("held");
  await one.settle();
  t.is(state(one), "hibernated/held");
  one.memory.short = false;
  await knocked(t, one);
  const bare = await frosty();
  bare.memory.ability = { pause: true, deep: false };
  bare.memory.short = true;
  await bare.kick("hibernate");
  t.is(state(bare), "hibernated/held" satisfies `hibernated/${Tier}`);
});

test("its habits are remembered over agents", async (t) => {
  const one = await frosty();
  for (let i = 0; i < 6; i++) {
    await one.kick("hibernate");
    await one.advance(3 * minute);
    await knocked(t, one);
  }
  await one.restartAgent();
  await one.kick("hibernate");
  await one.advance(minute);
  t.is(state(one), "hibernated/paused", "it is mostly back within minutes: its memory stays for ten");
  await one.advance(10 * minute);
  t.is(state(one), "hibernated/held", "beyond that it never came: held long before the hour");
});
