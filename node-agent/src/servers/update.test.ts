/** Updates that wait until nobody plays, and the trash: what people see between two versions and between two wishes. */
import test from "ava";
import { AppError, type DesiredServer } from "@playspawn/shared";
import { estate, record, serverId, type Estate } from "./testing/estate.ts";
import { spec } from "./testing/fakes.ts";

const id = serverId(1);
const newer = { gen: 2, spec: spec({ image: { ref: "tiny:2" } }) };

interface Scene {
  all: Estate;
  push(change: Partial<DesiredServer>): Promise<void>;
  status(): ReturnType<Estate["registry"]["report"]>[number];
  /** The image that the game container was made from. */
  image(): string | undefined;
}

async function scene(change: Partial<DesiredServer> = {}): Promise<Scene> {
  const all = await estate();
  let now = record(1, { kick: { gen: 1, kind: "wake" }, idleSeconds: null, ...change });
  let rev = 1;
  await all.registry.snapshot({ rev, snapshot: [now], adopt: false });
  await all.advance(0);
  return {
    all,
    async push(next) {
      now = { ...now, kick: null, ...next, gen: now.gen + 1 };
      all.registry.desired({ prev: rev, rev: ++rev, upsert: [now], remove: [] });
      await all.settle();
    },
    status: () => all.registry.report().find((item) => item.id === id)!,
    image: () => all.engine.units.get(id)?.game?.plan.image,
  };
}

const play = ({ all }: Scene, online: number): void => {
  const address = all.engine.units.get(id)!.holder!.address;
  all.readiness.playing.set(address, { online, max: 8 });
};

const minutes = async ({ all }: Scene, count: number): Promise<void> => {
  for (let i = 0; i < count * 12; i++) await all.advance(5_000);
};

test("a game that runs without players is updated, and what is told is done", async (t) => {
  const s = await scene();
  t.like(s.status(), { state: "ready", fresh: true });
  await s.push({ update: newer });
  await minutes(s, 2);
  t.like(s.status(), { state: "ready", fresh: true, update: { gen: 2, phase: "done" } });
  t.is(s.image(), "tiny:2");
  await s.push({ spec: newer.spec, update: undefined });
  t.like(s.status(), { state: "ready", fresh: true, update: undefined });
});

test("players are never thrown out by an update: it waits until they have left", async (t) => {
  const s = await scene();
  play(s, 2);
  await minutes(s, 1);
  await s.push({ update: newer });
  await minutes(s, 30);
  t.like(s.status(), { state: "ready", update: { phase: "waiting" } });
  t.is(s.image(), "tiny:1");
  play(s, 0);
  await minutes(s, 2);
  t.like(s.status(), { state: "ready", update: { phase: "done" } });
  t.is(s.image(), "tiny:2");
});

test("somebody who knocks while it drains for an update gets in, and the update waits again", async (t) => {
  const s = await scene();
  s.all.manners.unsaving.add(id);
  await s.push({ update: newer });
  for (let i = 0; i < 60 && s.status().state !== "draining"; i++) await s.all.advance(1_000);
  t.is(s.status().state, "draining");
  s.all.door.knock(id);
  await s.all.settle();
  t.like(s.status(), { state: "ready", update: { phase: "waiting" } });
  t.is(s.image(), "tiny:1");
});

test("a sleeper is updated at once: proven, and asleep again", async (t) => {
  const s = await scene();
  await s.push({ kick: { gen: 2, kind: "hibernate" } });
  t.is(s.all.state(id), "hibernated/held");
  const states: string[] = [];
  s.all.onStatus = (status) => void states.push(`${status.state} ${status.update?.phase}`);
  await s.push({ update: { ...newer, gen: 3 } });
  await minutes(s, 1);
  t.like(s.status(), { state: "hibernated", tier: "held", fresh: null, update: { gen: 3, phase: "done" } });
  t.true(states.includes("starting updating"), states.join(", "));
  t.false(states.some((state) => state.startsWith("ready")));
});

test("a server that is off takes the update without being started", async (t) => {
  const s = await scene();
  await s.push({ want: "stopped" });
  const events = s.all.events.length;
  await s.push({ update: { ...newer, gen: 3 } });
  t.like(s.status(), { state: "stopped", update: { gen: 3, phase: "done" } });
  t.is(s.all.events.length, events);
});

test("a newer version that does not start is taken back: the old one runs again, and it is not tried twice", async (t) => {
  const s = await scene();
  const start = s.all.engine.start.bind(s.all.engine);
  s.all.engine.start = (one) => {
    if (s.image() === "tiny:2") s.all.manners.crashing.set(id, 1);
    else s.all.manners.crashing.delete(id);
    start(one);
  };
  await s.push({ update: newer });
  await minutes(s, 2);
  t.like(s.status(), {
    state: "ready",
    fresh: true,
    update: { gen: 2, phase: "failed", error: { code: "game_crashed" } },
  });
  t.is(s.image(), "tiny:1");
  await s.all.restartAgent();
  await minutes(s, 5);
  t.like(s.status(), { state: "ready", update: { phase: "failed" } });
  t.is(s.image(), "tiny:1");
});

/** The newer version falls, and the old one that is put back never answers. */
async function puttingBack(): Promise<Scene> {
  const s = await scene();
  const start = s.all.engine.start.bind(s.all.engine);
  s.all.engine.start = (one) => {
    if (s.image() === "tiny:2") s.all.manners.crashing.set(id, 1);
    else s.all.manners.crashing.delete(id);
    s.all.readiness.mute.add(s.all.engine.units.get(id)!.holder!.address);
    start(one);
  };
  await s.push({ update: newer });
  for (let i = 0; i < 120 && s.status().update?.phase !== "failed"; i++) await s.all.advance(1_000);
  await s.all.settle();
  return s;
}

test("putting an old version back is called off by whoever stops the server, or puts it to sleep", async (t) => {
  const s = await puttingBack();
  t.like(s.status(), { state: "starting", cause: { kind: "update" } });
  await s.push({ want: "stopped" });
  await s.all.advance(1_000);
  t.like(s.status(), { state: "stopped", update: { phase: "failed" } });
  const other = await puttingBack();
  await other.push({ kick: { gen: 3, kind: "hibernate" } });
  await other.all.advance(1_000);
  t.is(other.status().state, "hibernated");
});

test("an old version that is put back and does not answer is failed and ended, like any start", async (t) => {
  const s = await puttingBack();
  await s.all.advance(30_000);
  t.like(s.status(), { state: "failed", detail: { error: { code: "start_timeout" } } });
  t.false(s.all.engine.units.get(id)!.game!.running);
});

test("an image that cannot be had fails the update while the game goes on", async (t) => {
  const s = await scene();
  const broken = new AppError("image_not_found", "There is no image tiny:2.");
  s.all.runtime.fail("ensureImage", broken, 1);
  await s.push({ update: newer });
  t.like(s.status(), { state: "ready", update: { phase: "failed", error: { code: "image_not_found" } } });
});

test("a restart that is asked for during the swap brings the old version back, and the update comes later", async (t) => {
  const s = await scene();
  const address = s.all.engine.units.get(id)!.holder!.address;
  s.all.readiness.mute.add(address);
  await s.push({ update: newer });
  for (let i = 0; i < 60 && s.status().state !== "starting"; i++) await s.all.advance(1_000);
  t.like(s.status(), { state: "starting", update: { phase: "updating" } });
  s.all.readiness.mute.clear();
  await s.push({ kick: { gen: 3, kind: "restart" } });
  await minutes(s, 3);
  t.like(s.status(), { state: "ready", kick: 3, update: { phase: "done" } });
  t.is(s.image(), "tiny:2");
});

/** A server whose newer version was started, and answers once it is let. */
async function onTrial(): Promise<Scene & { answer(): void }> {
  const s = await scene();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const { untilReady } = s.all.readiness;
  s.all.readiness.untilReady = async (target, signal) => {
    if (s.image() === "tiny:2") await answered;
    await untilReady(target, signal);
  };
  await s.push({ update: newer });
  for (let i = 0; i < 60 && s.status().state !== "starting"; i++) await s.all.advance(1_000);
  return { ...s, answer };
}

test("a still newer version that comes during the swap is tried for itself, not taken for the one before", async (t) => {
  const s = await onTrial();
  t.like(s.status(), { state: "starting", update: { gen: 2, phase: "updating" } });
  const newest = { gen: 3, spec: spec({ image: { ref: "tiny:3" } }) };
  const phases: string[] = [];
  s.all.onStatus = ({ update }) => void (update?.gen === 3 && phases.push(`${update.phase} with ${s.image()}`));
  await s.push({ update: newest });
  s.answer();
  await minutes(s, 3);
  t.like(s.status(), { state: "ready", fresh: true, update: { gen: 3, phase: "done" } });
  t.is(s.image(), "tiny:3");
  t.false(
    phases.some((phase) => phase.startsWith("done") && phase !== "done with tiny:3"),
    phases.join(", "),
  );
});

test("an update that is called off during the swap ends with the version that is wanted", async (t) => {
  const s = await onTrial();
  await s.push({ update: undefined });
  s.answer();
  await minutes(s, 5);
  t.like(s.status(), { state: "ready", fresh: false, update: undefined });
  await s.push({ kick: { gen: 4, kind: "restart" } });
  await minutes(s, 1);
  t.like(s.status(), { state: "ready", fresh: true });
  t.is(s.image(), "tiny:1");
});

test("a newer version that fails after another came leaves nothing running of it, and the other is tried", async (t) => {
  const s = await onTrial();
  await s.push({ update: { gen: 3, spec: spec({ image: { ref: "tiny:3" } }) } });
  await minutes(s, 10);
  t.like(s.status(), { state: "ready", fresh: true, update: { gen: 3, phase: "done" } });
  t.is(s.image(), "tiny:3");
});

test("an update that is called off while it drains, and a restart after that, leave a game that runs", async (t) => {
  const s = await scene();
  const { untilReady } = s.all.readiness;
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  s.all.manners.unsaving.add(id);
  await s.push({ update: newer });
  for (let i = 0; i < 60 && s.status().state !== "draining"; i++) await s.all.advance(1_000);
  await s.push({ update: undefined });
  s.all.readiness.untilReady = async (target, signal) => {
    await Promise.race([answered, new Promise<void>((go) => signal.addEventListener("abort", () => go()))]);
    await untilReady(target, signal);
  };
  for (let i = 0; i < 200 && s.status().state !== "starting"; i++) await s.all.advance(1_000);
  t.is(s.status().state, "starting");
  await s.push({ kick: { gen: 4, kind: "restart" } });
  answer();
  await minutes(s, 3);
  t.is(s.status().state, "ready");
  t.true(s.all.engine.units.get(id)?.game?.running);
  t.is(s.image(), "tiny:1");
});

test("an update that is called off while it waits leaves no trace", async (t) => {
  const s = await scene();
  play(s, 1);
  await minutes(s, 1);
  await s.push({ update: newer });
  await s.push({ update: undefined });
  play(s, 0);
  await minutes(s, 5);
  t.like(s.status(), { state: "ready", fresh: true, update: undefined });
  t.is(s.image(), "tiny:1");
});

for (const seconds of [0, 5, 18, 20, 21, 22, 25])
  test(`an agent that dies ${seconds} s into an update, and one that lost its state, end with the newer version`, async (t) => {
    const s = await scene();
    await s.push({ update: newer });
    for (let i = 0; i < seconds; i++) await s.all.advance(1_000);
    if (seconds % 2 === 0) s.all.stateFile.state!.memories = {};
    await s.all.restartAgent();
    await minutes(s, 4);
    t.like(s.status(), { state: "ready", fresh: true, update: { phase: "done" } });
    t.is(s.image(), "tiny:2");
  });

test("a running game says that it was made from other settings until it was restarted", async (t) => {
  const s = await scene();
  await s.push({ spec: spec({ env: { MAX: "4" } }) });
  t.like(s.status(), { state: "ready", fresh: false });
  await s.push({ kick: { gen: 3, kind: "restart" } });
  t.like(s.status(), { state: "ready", fresh: true });
});

test("into the trash: saved, stopped, taken down; the files stay, over restarts and a lost state file", async (t) => {
  const s = await scene();
  await s.push({ want: "absent", purge: false });
  t.is(s.status().state, "absent");
  t.false(s.all.engine.units.has(id));
  t.deepEqual(s.all.files.metas.get(id)?.clean, true);
  await s.all.restartAgent();
  await minutes(s, 3);
  t.is(s.status().state, "absent");
  t.true(s.all.files.metas.has(id));
  await s.push({ want: "auto" });
  t.is(s.all.state(id), "hibernated/held");
});

test("a restore while it is being trashed brings it back, its world saved", async (t) => {
  const s = await scene();
  s.all.manners.stubborn.add(id);
  await s.push({ want: "absent", purge: false });
  t.is(s.status().state, "stopping");
  await s.push({ want: "auto" });
  await minutes(s, 1);
  t.is(s.all.state(id), "hibernated/held");
  t.true(s.all.files.metas.has(id));
});

test("what is to be purged is never said to be gone before its files are, whenever the wish comes", async (t) => {
  for (const during of [false, true]) {
    const s = await scene();
    if (during) s.all.manners.stubborn.add(id);
    s.all.onStatus = ({ state, gen }) => {
      if (state === "absent" && gen === 3) t.false(s.all.files.metas.has(id), "said too early");
    };
    await s.push({ want: "absent", purge: false });
    t.is(s.status().state, during ? "stopping" : "absent");
    await s.push({ want: "absent", purge: true });
    await minutes(s, 1);
    t.is(s.status().state, "absent");
    t.false(s.all.files.metas.has(id));
  }
});
