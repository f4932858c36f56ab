import test from "ava";
import { awake, house, sleeping } from "./testing/house.ts";
import { spec } from "./testing/fakes.ts";

test("a new server is deployed and sleeps until a kick proves it", async (t) => {
  const one = await house();
  t.deepEqual(one.states, ["absent", "preparing", "hibernated/held"]);
  t.is(one.called("startGame"), 0);
  await one.kick("wake");
  t.deepEqual(one.states.slice(3), ["starting", "ready"]);
  t.is(one.status().cause?.kind, "deploy");
  t.is(one.status().kick, 2, "the kick is answered");
  t.deepEqual(one.kinds(), ["wake", "ready"]);
  t.is(one.door.routes.get(one.id)?.[0]?.target?.host, one.address());
  t.false(one.files.metas.get(one.id)!.clean, "its files are in use");
});

test("a packet wakes a sleeper; the start is the only thing asked of the engine", async (t) => {
  const one = await sleeping();
  const before = one.runtime.calls.length;
  one.door.knock(one.id, "192.0.2.9:1234");
  await one.settle();
  t.is(one.status().state, "ready");
  t.deepEqual(one.status().cause, { kind: "packet", source: "192.0.2.9:1234", port: "game" });
  const methods = one.runtime.calls.slice(before).map((call) => call.method);
  t.deepEqual(methods, ["startGame", "waitGame"]);
  t.deepEqual(one.door.modes(one.id).slice(-2), ["waking", "awake"]);
  const ready = one.events.find((event) => event.kind === "ready")!;
  t.deepEqual(Object.keys(ready.data), ["tier", "totalMs", "engineMs", "bootMs"]);
});

test("empty for its idle time it drains, saves, stops, keeps its holder", async (t) => {
  const one = await awake({ idleSeconds: 100 });
  await one.advance(95_000);
  t.is(one.status().state, "ready");
  await one.advance(16_000);
  t.deepEqual(one.states, ["ready", "draining", "hibernating", "hibernated/held"]);
  t.deepEqual(one.engine.units.get(one.id)!.game!.stdin, ["save"]);
  t.true(one.engine.units.get(one.id)!.holder!.running);
  t.true(one.files.metas.get(one.id)!.clean);
  t.deepEqual(
    one.files.logs.get(one.id)!.map((run) => run.lines),
    [["up", "saved"]],
  );
  t.deepEqual(one.kinds(), ["sleep"]);
  t.is(one.status().cause?.kind, "idle");
});

test("players keep it awake, and are told one by one", async (t) => {
  const one = await awake({ idleSeconds: 60 });
  one.readiness.playing.set(one.address(), { online: 2, max: 8, names: ["ann", "bob"] });
  await one.advance(300_000);
  t.is(one.status().state, "ready");
  t.deepEqual(one.status().players, { online: 2, max: 8, names: ["ann", "bob"] });
  one.readiness.playing.set(one.address(), { online: 1, max: 8, names: ["bob"] });
  await one.advance(11_000);
  t.deepEqual(one.kinds(), ["player_join", "player_join", "player_leave"]);
  one.readiness.playing.delete(one.address());
  await one.advance(90_000);
  t.is(one.status().state, "hibernated");
  t.is(one.status().players, null);
});

test("a game that does not answer is not taken for empty", async (t) => {
  const one = await awake({ idleSeconds: 30 });
  one.readiness.playing.set(one.address(), "silent");
  await one.advance(600_000);
  t.is(one.status().state, "ready");
});

test("idleSeconds null never sleeps; one second is enough where that is wanted", async (t) => {
  const never = await awake({ idleSeconds: null });
  await never.advance(7_200_000);
  t.is(never.status().state, "ready");
  const soon = await awake({ idleSeconds: 1 });
  await soon.advance(3_000);
  t.is(soon.status().state, "hibernated");
});

test("a wake that arrives while it saves calls it back", async (t) => {
  const one = await awake();
  one.manners.unsaving.add(one.id);
  await one.kick("hibernate");
  t.is(one.status().state, "draining");
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "ready");
  await one.advance(60_000);
  t.deepEqual(one.states, ["ready", "draining", "ready"], "the packet outweighs the earlier hibernate");
  t.is(one.called("startGame"), 1);
});

test("a wake that arrives while the game stops starts it again at once", async (t) => {
  const one = await awake();
  one.manners.stubborn.add(one.id);
  await one.kick("hibernate");
  t.is(one.status().state, "hibernating");
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "hibernating");
  await one.advance(11_000);
  t.deepEqual(one.states, ["ready", "draining", "hibernating", "hibernated/held", "starting", "ready"]);
  const sleep = one.events.find((event) => event.kind === "sleep")!;
  t.like(sleep.data, { exitCode: 137, forced: true });
});

test("sleepers lose their holder after a while and wake from cold by a packet", async (t) => {
  const one = await sleeping({}, { holdHeldMs: 60_000 });
  await one.advance(59_000);
  t.is(one.status().tier, "held");
  await one.advance(2_000);
  t.is(one.status().tier, "cold");
  t.false(one.engine.units.has(one.id), "nothing of it is left on the engine");
  t.true(one.files.metas.has(one.id), "its files stay");
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "ready");
});

test("hibernate to cold goes all the way", async (t) => {
  const one = await awake();
  await one.kick("hibernate", "cold");
  t.deepEqual(one.states, ["ready", "draining", "hibernating", "hibernated/held", "hibernated/cold"]);
  t.is(one.status().kick, one.supervisor.desired.gen);
});

test("a changed spec waits for the next wake; the container is new, the files are not", async (t) => {
  const one = await awake();
  const old = one.engine.units.get(one.id)!.game!;
  await one.desire({ spec: spec({ env: { NAME: "new" } }) });
  t.is(one.engine.units.get(one.id)!.game, old);
  await one.kick("restart");
  const fresh = one.engine.units.get(one.id)!.game!;
  t.not(fresh, old);
  t.deepEqual(fresh.plan.spec.env, { NAME: "new" });
  t.is(fresh.plan.generation, one.supervisor.desired.gen);
  t.is(fresh.plan.dataDir, old.plan.dataDir);
});

test("other public ports reach the door at once and restart nothing", async (t) => {
  const one = await awake();
  await one.desire({ spec: spec({ ports: [{ name: "game", protocol: "udp", container: 8303, public: 20_055 }] }) });
  t.is(one.door.routes.get(one.id)![0]!.port.public, 20_055);
  t.is(one.called("startGame"), 1);
});

test("restart happens once per kick", async (t) => {
  const one = await awake();
  await one.kick("restart");
  await one.advance(120_000);
  t.deepEqual(one.states, ["ready", "stopping", "starting", "ready"]);
});

test("without a grant nothing wakes, and both sides are told why", async (t) => {
  const one = await sleeping({ grant: null });
  t.is(one.status().state, "hibernated");
  one.door.knock(one.id);
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "hibernated");
  t.is(one.status().detail.error?.code, "grant_missing");
  t.regex(one.door.routes.get(one.id)![0]!.notice!, /No credit/);
  t.deepEqual(one.kinds(), [], "said once, at the first try");
  await one.desire({ grant: { id: "g", microCredits: null } });
  t.is(one.status().detail.error, undefined);
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "ready");
});

test("stopped is off: saved, gone from the engine, deaf to packets; auto brings it back", async (t) => {
  const one = await awake();
  await one.desire({ want: "stopped" });
  t.deepEqual(one.states, ["ready", "stopping", "stopped"]);
  t.is(one.door.routes.get(one.id)![0]!.mode, "closed");
  t.false(one.engine.units.has(one.id));
  t.deepEqual(one.kinds(), ["exit"]);
  one.door.knock(one.id);
  await one.settle();
  t.is(one.status().state, "stopped");
  await one.desire({ want: "auto" });
  t.is(one.status().state, "hibernated");
});

test("running never sleeps and comes up by itself", async (t) => {
  const one = await house({ want: "running", idleSeconds: 1 });
  t.is(one.status().state, "ready");
  await one.advance(3_600_000);
  t.is(one.status().state, "ready");
});

test("delete gives the ports up first, then takes everything; purge takes the files", async (t) => {
  const one = await awake();
  const release = one.runtime.hold("removeGame");
  await one.desire({ want: "absent", purge: true });
  t.is(one.door.modes(one.id).at(-1), "gone");
  t.true(one.engine.units.has(one.id));
  release();
  await one.settle();
  t.is(one.status().state, "absent");
  t.true(one.supervisor.removed);
  t.false(one.engine.units.has(one.id));
  t.false(one.files.metas.has(one.id));
});

test("delete without purge keeps the files", async (t) => {
  const one = await sleeping();
  await one.desire({ want: "absent" });
  t.is(one.status().state, "absent");
  t.true(one.files.metas.has(one.id));
});

test("a delete in the middle of a deployment ends it at a safe point", async (t) => {
  const one = await house({ want: "stopped" });
  const release = one.runtime.hold("ensureHolder");
  await one.desire({ want: "auto" });
  t.is(one.status().state, "preparing");
  await one.desire({ want: "absent" });
  t.is(one.status().state, "preparing");
  release();
  await one.settle();
  t.is(one.status().state, "absent");
  t.is(one.called("ensureGame"), 0);
  t.false(one.engine.units.has(one.id));
});

test("stopping a server that boots ends the boot gently", async (t) => {
  const one = await sleeping();
  one.readiness.mute.add(one.address());
  await one.kick("wake");
  await one.desire({ want: "stopped" });
  t.deepEqual(one.states.slice(1), ["starting", "hibernating", "hibernated/held", "stopping", "stopped"]);
});

test("an agent that restarts adopts a running game: asked, never restarted, its flows never held", async (t) => {
  const one = await awake();
  const { startedAt } = one.engine.units.get(one.id)!.game!;
  const modes = one.door.modes(one.id).length;
  await one.restartAgent();
  t.is(one.status().state, "ready");
  t.is(one.engine.units.get(one.id)!.game!.startedAt, startedAt);
  t.is(one.called("startGame"), 0);
  t.is(one.door.modes(one.id).length, modes, "the door was told nothing new");
  t.deepEqual(one.kinds(), ["adopted"]);
});

test("a run that was ready before is not probed again: a busy game is no reason to end it", async (t) => {
  const one = await awake({ idleSeconds: null });
  one.readiness.playing.set(one.address(), { online: 1, max: 8, names: ["ann"] });
  await one.advance(11_000);
  one.readiness.mute.add(one.address());
  await one.restartAgent();
  await one.advance(120_000);
  t.is(one.status().state, "ready");
  t.is(one.status().players?.online, 1);
  t.deepEqual(one.kinds(), ["player_join", "adopted"], "who plays on did not join anew");
});

test("a boot that an agent's death cut short is probed by the next, within its limit", async (t) => {
  const one = await sleeping();
  await one.advance(1_000);
  one.readiness.mute.add(one.address());
  one.readiness.playing.set(one.address(), "silent");
  await one.kick("wake");
  await one.restartAgent();
  t.is(one.status().state, "starting");
  await one.advance(30_000);
  t.is(one.status().detail.error?.code, "start_timeout");
});

test("the door of a sleeper knows how many seats the game has", async (t) => {
  const one = await awake({ idleSeconds: 1 });
  t.is(one.door.routes.get(one.id)![0]!.playersMax, undefined);
  await one.advance(4_000);
  t.is(one.door.routes.get(one.id)![0]!.playersMax, 8);
});

test("the door of a sleeper knows what the game said of itself and how long its wakes take, over restarts", async (t) => {
  const asleep = { answer: "quake3", port: "game", motd: "Zzz" } as const;
  const one = await awake({ idleSeconds: 1, spec: spec({ asleep }) });
  await one.advance(4_000);
  const words = () => one.door.routes.get(one.id)![0]!.asleep;
  const said = { ...asleep, about: { name: "The tiny one" }, usualSeconds: 1 };
  t.deepEqual(words(), said);
  await one.restartAgent();
  t.deepEqual(words(), said);
});

test("an agent that restarts finds sleepers asleep and files cold", async (t) => {
  const held = await sleeping();
  await held.restartAgent();
  t.is(held.status().tier, "held");
  const cold = await awake();
  await cold.kick("hibernate", "cold");
  await cold.restartAgent();
  t.deepEqual([cold.status().state, cold.status().tier], ["hibernated", "cold"]);
  t.is(cold.called("startGame") + held.called("startGame"), 0);
});

test("a wake that the agent's death cut short is finished by the next agent", async (t) => {
  const one = await sleeping();
  one.runtime.hold("startGame");
  await one.kick("wake");
  t.is(one.status().state, "starting");
  await one.restartAgent();
  t.is(one.status().state, "ready");
  t.is(one.called("startGame"), 1);
});

test("windows of use follow each other without a gap, none longer than a minute while the game runs", async (t) => {
  const one = await awake({ idleSeconds: 300 });
  for (let i = 0; i < 240; i++) {
    await one.advance(10_000);
    one.supervisor.tick();
  }
  const windows = one.events.filter((event) => event.kind === "usage").map((event) => event.data);
  for (const [i, { fromMono, toMono, state }] of windows.entries()) {
    t.true(Number(toMono) - Number(fromMono) <= (state === "hibernated" ? 900_000 : 60_000));
    if (i > 0) t.is(fromMono, windows[i - 1]!["toMono"]);
  }
  const count = (state: string): number => windows.filter((window) => window["state"] === state).length;
  t.true(count("ready") >= 5 && count("hibernated") === 2, `${count("ready")} awake, ${count("hibernated")} asleep`);
});
