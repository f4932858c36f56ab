import test from "ava";
import { AppError, type DesiredServer } from "@playspawn/shared";
import { blank } from "./state-file.ts";
import { awake, house, sleeping, type House } from "./testing/house.ts";

const game = (one: House) => one.engine.units.get(one.id)!.game!;
const count = (one: House, kind: string): number => one.events.filter((event) => event.kind === kind).length;

/** The state file is lost with the agent. */
const forget = (one: House, change: Partial<DesiredServer> = {}): Promise<void> =>
  one.restartAgent({ memory: blank, record: change });

test("a game whose first lines are gone from the tail is not stopped by an agent that lost its state", async (t) => {
  const one = await awake();
  one.readiness.playing.set(one.address(), "silent");
  for (let i = 0; i < 1500; i++) one.engine.print(one.id, `chat ${i}`);
  await forget(one);
  t.is(one.status().state, "starting");
  await one.advance(120_000);
  t.is(one.status().state, "ready");
  t.is(one.status().detail.error?.code, "start_timeout", "said, and left to people");
  t.true(game(one).running);
  t.deepEqual(one.kinds(), ["adopted"]);
});

for (const want of ["stopped", "absent"] as const)
  test(`want ${want} while a found game is asked saves it first`, async (t) => {
    const one = await awake();
    one.readiness.mute.add(one.address());
    const running = game(one);
    await forget(one);
    await one.desire({ want });
    await one.advance(30_000);
    t.deepEqual(running.stdin, ["save"]);
    t.is(one.status().state, want);
    t.true(one.files.metas.get(one.id)!.clean, "because it saved");
  });

test("an engine that refuses while a found game is asked stops nothing", async (t) => {
  const one = await sleeping();
  one.engine.start(one.id);
  one.runtime.fail("waitGame", new AppError("docker_unavailable", "Docker does not answer."));
  one.supervisor.observe((await one.runtime.list())[0]!);
  await one.settle();
  t.is(one.status().state, "ready");
  t.is(one.status().detail.error?.code, "docker_unavailable");
  t.true(game(one).running);
});

test("a game that was doubted and answers after all is not doubted any more", async (t) => {
  const one = await awake();
  one.readiness.mute.add(one.address());
  one.readiness.playing.set(one.address(), "silent");
  await forget(one);
  await one.advance(40_000);
  t.is(one.status().detail.error?.code, "start_timeout");
  one.readiness.playing.delete(one.address());
  await one.advance(20_000);
  t.is(one.status().detail.error, undefined);
});

test("a game that ends while it is asked has crashed", async (t) => {
  const one = await awake();
  one.readiness.mute.add(one.address());
  await forget(one);
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  t.is(one.status().state, "failed");
  t.is(count(one, "crash"), 1);
});

test("a game started behind our back that never answers is taken for ready, with a fault", async (t) => {
  const one = await sleeping();
  one.readiness.mute.add(one.address());
  one.readiness.playing.set(one.address(), "silent");
  one.engine.start(one.id);
  one.supervisor.observe((await one.runtime.list())[0]!);
  await one.settle();
  await one.advance(40_000);
  t.is(one.status().state, "ready");
  t.is(one.status().detail.error?.code, "start_timeout");
  t.true(game(one).running);
});

test("a game started behind our back without its holder gets a network by a restart", async (t) => {
  const one = await sleeping();
  one.engine.start(one.id);
  one.engine.units.get(one.id)!.holder!.running = false;
  one.supervisor.observe((await one.runtime.list())[0]!);
  await one.settle();
  t.is(one.status().state, "ready");
  t.is(one.status().cause?.kind, "holder_lost");
  t.true(one.engine.units.get(one.id)!.holder!.running);
});

test("a crash that was told is not told again by the next agent, nor its tries counted anew", async (t) => {
  const one = await awake();
  one.manners.crashing.set(one.id, 3);
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  for (let i = 0; i < 400; i++) await one.advance(500);
  const crashes = count(one, "crash");
  t.is(crashes, 6, "the first and five tries");
  one.kinds();
  for (let agents = 0; agents < 3; agents++) {
    await one.restartAgent();
    await one.advance(3_600_000);
    t.is(one.status().state, "failed");
    t.is(one.status().detail.error?.code, "game_crashed");
    t.deepEqual(one.kinds(), []);
    t.is(one.called("startGame"), 0);
  }
});

test("a back-off under way is gone on with by the next agent", async (t) => {
  const one = await awake();
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  await one.restartAgent();
  t.is(one.status().state, "failed");
  await one.advance(5_100);
  t.is(one.status().state, "ready");
  t.is(count(one, "crash"), 1);
});

test("one that crashed and was put to sleep is asleep for the next agent", async (t) => {
  const one = await awake();
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  await one.kick("hibernate");
  one.kinds();
  await one.restartAgent();
  await one.advance(600_000);
  t.is(one.status().state, "hibernated");
  t.deepEqual(one.kinds(), []);
});

test("a game that ended badly as it was told to stop has not crashed", async (t) => {
  const one = await awake();
  one.manners.unsaving.add(one.id);
  one.manners.stopCodes.set(one.id, 1);
  await one.kick("hibernate");
  await one.advance(30_000);
  t.is(one.status().state, "hibernated");
  one.kinds();
  await one.restartAgent();
  t.is(one.status().state, "hibernated");
  t.deepEqual(one.kinds(), []);
});

test("a console is kept once, whoever keeps it and however long the engine took to start", async (t) => {
  const one = await sleeping();
  one.manners.unsaving.add(one.id);
  await one.advance(1_000);
  const release = one.runtime.hold("startGame");
  await one.kick("wake");
  await one.advance(500);
  release();
  await one.settle();
  await one.kick("hibernate");
  await one.advance(30_000);
  const kept = one.files.logs.get(one.id)!.length;
  await one.restartAgent();
  t.is(one.files.logs.get(one.id)!.length, kept);
  t.is(one.files.logs.get(one.id)!.at(-1)!.startedAt, game(one).startedAt!, "named by the engine's own time");
});

test("a console that nobody kept is kept by the next agent", async (t) => {
  const one = await awake();
  one.engine.print(one.id, "last words");
  one.runtime.hold("list");
  await one.kick("hibernate");
  t.deepEqual(one.files.logs.get(one.id), undefined);
  await one.restartAgent();
  t.is(one.status().state, "hibernated");
  t.deepEqual(one.files.logs.get(one.id)!.at(-1)!.lines, ["up", "last words", "saved"]);
});

test("tries that were used up stay used up, until somebody asks", async (t) => {
  const one = await house({ want: "running" });
  one.manners.crashing.set(one.id, 1);
  one.engine.stop(one.id, { code: 1, outOfMemory: false });
  for (let i = 0; i < 400; i++) await one.advance(500);
  t.is(one.status().state, "failed");
  one.manners.crashing.delete(one.id);
  await one.restartAgent();
  t.is(one.status().state, "failed", "its tries are used up");
  await one.kick("wake");
  t.is(one.status().state, "ready");
});

test("a state that lasts began when it began, whichever agent says so", async (t) => {
  const one = await awake();
  await one.advance(49_000);
  const readySince = one.status().since;
  await one.restartAgent();
  t.like(one.status(), { state: "ready", since: readySince });
  await one.advance(5_000);
  await one.restartAgent();
  t.is(one.status().since, readySince, "and the next one knows it, too");
  await one.kick("hibernate", "cold");
  const asleepSince = one.status().since;
  await one.advance(60_000);
  await one.restartAgent();
  t.like(one.status(), { state: "hibernated", tier: "cold", since: asleepSince });
});

test("a game whose boot outlives its agent is ready since it was", async (t) => {
  const one = await sleeping();
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  one.readiness.mute.clear();
  await one.advance(5_000);
  await one.restartAgent();
  t.like(one.status(), { state: "ready", since: one.ports.clock.now() });
});
