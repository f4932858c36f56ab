import test from "ava";
import { AppError } from "@playspawn/shared";
import { spec } from "./testing/fakes.ts";
import { awake, house, sleeping } from "./testing/house.ts";

test("a save that fails is reported, tried three times, and then said in the event", async (t) => {
  const one = await awake();
  one.manners.unsaving.add(one.id);
  await one.kick("hibernate");
  await one.advance(5_000);
  t.is(one.status().detail.error?.code, "save_failed");
  t.is(one.status().state, "draining");
  await one.advance(16_000);
  t.is(one.status().state, "hibernated");
  t.deepEqual(one.engine.units.get(one.id)!.game!.stdin, ["save", "save", "save"]);
  t.regex(String(one.events.find((event) => event.kind === "sleep")!.data["saveError"]), /did not save/);
  t.false(one.files.metas.get(one.id)!.clean);
});

test("a crash is reported with exit code and last words, then tried again after the back-off", async (t) => {
  const one = await awake();
  one.engine.print(one.id, "Segmentation fault");
  one.engine.stop(one.id, { code: 139, outOfMemory: false });
  await one.settle();
  t.is(one.status().state, "failed");
  t.is(one.status().detail.error?.code, "game_crashed");
  t.regex(one.status().detail.error!.message, /exit code 139[\s\S]*Segmentation fault/);
  t.deepEqual(one.kinds(), ["crash"]);
  t.is(one.door.routes.get(one.id)![0]!.mode, "asleep", "a player's packet can try at once");
  await one.advance(4_900);
  t.is(one.status().state, "failed");
  await one.advance(200);
  t.is(one.status().state, "ready");
  t.is(one.status().cause?.kind, "retry");
});

test("out of memory has its own word", async (t) => {
  const one = await awake();
  one.engine.stop(one.id, { code: 137, outOfMemory: true });
  await one.settle();
  t.is(one.status().detail.error?.code, "out_of_memory");
  t.regex(one.status().detail.error!.message, /64 MB/);
});

test("five tries in a row, doubling, then rest; a knock still tries", async (t) => {
  const one = await sleeping();
  one.manners.crashing.set(one.id, 1);
  const before = one.called("startGame");
  await one.kick("wake");
  t.is(one.called("startGame") - before, 1);
  for (const seconds of [5, 10, 20, 40, 80]) {
    const tries = one.called("startGame");
    await one.advance(seconds * 1000 - 500);
    t.is(one.called("startGame"), tries, `not before ${seconds} s`);
    await one.advance(1_000);
    t.is(one.called("startGame"), tries + 1, `after ${seconds} s`);
  }
  await one.advance(3_600_000);
  t.is(one.called("startGame") - before, 6, "five retries and no more");
  one.manners.crashing.delete(one.id);
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "ready");
});

test("ten good minutes forgive all failures", async (t) => {
  const one = await awake({ idleSeconds: null });
  for (let i = 0; i < 8; i++) {
    await one.advance(600_000);
    one.engine.stop(one.id, { code: 1, outOfMemory: false });
    await one.settle();
    t.is(one.status().state, "failed");
    await one.advance(5_100);
    t.is(one.status().state, "ready", `crash ${i + 1} is the first again`);
  }
});

test("a game that never answers is ended at its limit", async (t) => {
  const one = await sleeping();
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  t.is(one.status().state, "starting");
  await one.advance(30_000);
  t.is(one.status().state, "failed");
  t.is(one.status().detail.error?.code, "start_timeout");
  t.false(one.engine.units.get(one.id)!.game!.running);
  t.is(one.status().kick, one.supervisor.desired.gen, "the kick is answered, with a failure");
});

test("a first start that may download the game has a longer limit, later ones have not", async (t) => {
  const patient = spec({ readiness: { anyOf: [{ log: "up" }], limitSeconds: 30, firstLimitSeconds: 1800 } });
  const one = await house({ spec: patient });
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  await one.advance(1_799_000);
  t.is(one.status().state, "starting");
  one.readiness.mute.clear();
  await one.advance(1_000);
  t.is(one.status().detail.error?.code, "start_timeout");
  await one.kick("wake");
  t.is(one.status().state, "ready");

  await one.kick("hibernate");
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  await one.advance(30_000);
  t.is(one.status().detail.error?.code, "start_timeout");
});

test("a first start that a restart of the agent cuts short keeps its longer limit until the game has answered once", async (t) => {
  const patient = spec({ readiness: { anyOf: [{ log: "up" }], limitSeconds: 30, firstLimitSeconds: 1800 } });
  const one = await house({ spec: patient });
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  await one.restartAgent();
  await one.advance(1_799_000);
  t.is(one.status().state, "starting");
  await one.advance(1_000);
  t.is(one.status().state, "ready", "what was found running is not ended for its silence");

  await one.kick("hibernate");
  await one.kick("hibernate", "cold");
  await one.restartAgent();
  await one.kick("wake");
  await one.advance(1_799_000);
  t.is(one.status().state, "starting", "it never answered yet");
});

test("an image that does not exist is said so", async (t) => {
  const one = await house({ spec: spec({ image: { ref: "missing/game:1" } }) });
  t.is(one.status().state, "failed");
  t.is(one.status().detail.error?.code, "image_not_found");
  await one.desire({ spec: spec() });
  await one.kick("wake");
  t.is(one.status().state, "ready", "a mended spec is tried");
});

test("an image that this node does not allow is not tried again: nothing can change but its configuration", async (t) => {
  const one = await house({ want: "stopped" });
  const refusal = new AppError("image_not_allowed", "This node does not run images of example/tiny.");
  one.runtime.fail("ensureImage", refusal, 1);
  await one.desire({ want: "running" });
  t.like(one.status(), { state: "failed", detail: { error: { code: "image_not_allowed" } } });
  t.is(one.status().detail.retry?.at, null);
  const tries = one.called("ensureImage");
  await one.advance(3_600_000);
  t.is(one.called("ensureImage"), tries);
});

test("a port that somebody else holds is said so", async (t) => {
  const one = await sleeping();
  one.door.failures = [{ server: one.id, protocol: "udp", port: 20_000, message: "another program" }];
  await one.kick("wake");
  t.is(one.status().state, "failed");
  t.is(one.status().detail.error?.code, "port_taken");
  t.regex(one.status().detail.error!.message, /udp port 20000 is taken by another program/);
});

test("a holder that dies is told and healed by a save and a restart", async (t) => {
  const one = await awake();
  one.engine.dropHolder(one.id);
  await one.settle();
  t.deepEqual(one.states, ["ready", "stopping", "starting", "ready"]);
  t.deepEqual(one.kinds(), ["holder_lost", "wake", "ready"]);
  t.is(one.status().cause?.kind, "holder_lost");
  t.true(one.engine.units.get(one.id)!.holder!.running);
  t.deepEqual(one.files.logs.get(one.id)![0]!.lines, ["up", "saved"]);
});

test("a sleeper whose holder dies sleeps cold and wakes all the same", async (t) => {
  const one = await sleeping();
  one.engine.dropHolder(one.id);
  await one.settle();
  t.deepEqual(one.kinds(), ["holder_lost", "deeper"]);
  t.is(one.status().tier, "cold");
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "ready");
});

test("a holder that died unnoticed is found by the start itself", async (t) => {
  const one = await sleeping();
  const unit = one.engine.units.get(one.id)!;
  unit.holder!.running = false;
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "ready");
  t.true(unit.holder!.running);
});

test("an engine that refuses is asked again with back-off, not in a loop", async (t) => {
  const one = await awake();
  one.runtime.fail("removeGame", new AppError("docker_unavailable", "Docker does not answer."), 1000);
  await one.desire({ want: "stopped" });
  await one.advance(60_000);
  t.true(one.called("removeGame") <= 5, `${one.called("removeGame")} tries in a minute`);
  t.is(one.status().detail.error?.code, "docker_unavailable");
});

test("a game that crashed while no agent looked is told and tried again", async (t) => {
  const one = await awake();
  one.engine.stop(one.id, { code: 139, outOfMemory: false });
  await one.restartAgent();
  t.is(one.status().state, "failed");
  t.true(one.kinds().includes("crash"));
  await one.advance(6_000);
  t.is(one.status().state, "ready");
});

test("a removal that is refused is said and tried again, also when nothing is known to be there", async (t) => {
  const one = await awake();
  await one.kick("hibernate", "cold");
  await one.desire({ want: "stopped" });
  one.runtime.fail("removeGame", new AppError("docker_unavailable", "Docker does not answer."), 2);
  await one.desire({ want: "absent" });
  t.is(one.status().detail.error?.code, "docker_unavailable");
  await one.advance(20_000);
  t.is(one.status().state, "absent");
  const fresh = await house({ want: "absent" });
  t.true(fresh.supervisor.removed);
});

test("after the machine was rebooted sleepers sleep cold, and who was awake comes back", async (t) => {
  const reboot = async (one: Awaited<ReturnType<typeof house>>): Promise<void> => {
    const { holder, game } = one.engine.units.get(one.id)!;
    if (game!.running)
      Object.assign(game!, { running: false, exit: { code: 255, outOfMemory: false, at: one.ports.clock.now() } });
    holder!.running = false;
    await one.restartAgent();
  };
  const asleep = await sleeping();
  await reboot(asleep);
  t.is(asleep.status().tier, "cold");
  t.false(asleep.engine.units.has(asleep.id));
  const playing = await awake();
  await reboot(playing);
  t.is(playing.status().state, "failed");
  await playing.advance(6_000);
  t.is(playing.status().state, "ready");
});

test("a failure says which try comes next and when, until none is left; a change of settings takes that back", async (t) => {
  const one = await awake();
  one.manners.crashing.set(one.id, 3);
  one.engine.stop(one.id, { code: 3, outOfMemory: false });
  await one.settle();
  const { now } = one.ports.clock;
  t.deepEqual(one.status().detail.retry, { attempt: 1, max: 5, at: now() + 5_000 });
  await one.restartAgent();
  t.deepEqual(
    one.status().detail.retry,
    { attempt: 1, max: 5, at: now() + 5_000 },
    "the next agent begins its wait anew",
  );
  await one.advance(6_000);
  t.like(one.status().detail.retry, { attempt: 2, max: 5 });
  for (let i = 0; i < 400; i++) await one.advance(500);
  t.deepEqual(one.status().detail.retry, { attempt: 5, max: 5, at: null });
  await one.desire({ spec: spec({ env: { N: "1" } }) });
  t.is(one.status().detail.retry, undefined);
  t.is(one.status().detail.error?.code, "game_crashed");
});

test("a deployment that fails is not woken at once to fail again: the next try is the back-off's", async (t) => {
  const one = await house({ want: "stopped" });
  one.runtime.fail("ensureImage", new AppError("image_not_found", "There is no such image."), 9);
  one.kinds();
  await one.kick("wake");
  await one.desire({ want: "auto" });
  t.deepEqual(one.kinds(), ["failed"]);
  t.is(one.status().kick, one.supervisor.desired.kick!.gen);
  await one.advance(5_100);
  t.deepEqual(
    one.events.filter(({ kind }) => kind !== "usage").map(({ kind, cause }) => `${kind} ${cause?.kind}`),
    ["wake retry", "failed retry"],
  );
});

test("when an empty server will sleep is in its status, and gone with its sleep or a want that never sleeps", async (t) => {
  const one = await awake({ idleSeconds: 60 });
  await one.advance(20_000);
  t.is(one.status().detail.sleepsAt, one.status().since + 60_000);
  await one.desire({ want: "running" });
  await one.advance(2_000);
  t.is(one.status().detail.sleepsAt, undefined);
  await one.desire({ want: "auto" });
  await one.advance(60_000);
  t.is(one.status().state, "hibernated");
  t.is(one.status().detail.sleepsAt, undefined);
});
