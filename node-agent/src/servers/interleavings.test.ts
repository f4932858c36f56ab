/**
 * Everything at once, in random but repeatable order: wants and kicks change, players come and go, games and holders
 * die, the engine refuses, the agent is killed and started again. Afterwards what is wanted must stand, and on the way
 * nothing may have been done that must never be done.
 */
import test from "ava";
import { AppError, tiers, type DesiredServer, type Want } from "@playspawn/shared";
import { FakeEngine } from "../runtime/fake-engine.ts";
import { estate, record, serverId, type Estate } from "./testing/estate.ts";
import { spec } from "./testing/fakes.ts";

const servers = 4;
const steps = 120;

/** Numbers from 0 to below 1; the same seed, the same row (mulberry32). */
function chance(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let x = Math.imul(a ^ (a >>> 15), 1 | a);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Play {
  all: Estate;
  records: Map<string, DesiredServer>;
  rev: number;
  pick<T>(from: readonly T[]): T;
}

function push(play: Play, id: string, change: Partial<DesiredServer>): void {
  const before = play.records.get(id)!;
  const next = { ...before, kick: null, ...change, gen: before.gen + 1 };
  play.records.set(id, next);
  const prev = play.rev++;
  play.all.registry.desired({ prev, rev: play.rev, upsert: [next], remove: [] });
}

const refused = [
  "ensureHolder",
  "ensureGame",
  "startGame",
  "removeGame",
  "list",
  "signalGame",
  "pauseGame",
  "resumeGame",
  "reclaimGame",
] as const;

const moves: Record<string, (play: Play, id: string) => unknown> = {
  want: (play, id) => push(play, id, { want: play.pick<Want>(["auto", "auto", "running", "stopped", "absent"]) }),
  kick(play, picked) {
    // Where it disturbs most: in the middle of falling asleep, if anybody is.
    const id = [...play.records.keys()].find((one) => play.all.state(one) === "draining") ?? picked;
    play.all.manners.unsaving.delete(id);
    const kind = play.pick(["wake", "wake", "hibernate", "restart"] as const);
    const tier = kind === "hibernate" && play.pick([true, false]) ? { tier: play.pick(tiers) } : {};
    push(play, id, { kick: { gen: play.records.get(id)!.gen + 1, kind, ...tier } });
  },
  spec: (play, id) => push(play, id, { spec: spec({ env: { N: String(play.rev) } }) }),
  update(play, id) {
    const update = { gen: play.records.get(id)!.gen + 1, spec: spec({ image: { ref: `tiny:${play.rev}` } }) };
    push(play, id, { update: play.pick([update, undefined]) });
  },
  purge: (play, id) => push(play, id, { want: "absent", purge: play.pick([true, false]) }),
  idle: (play, id) => push(play, id, { idleSeconds: play.pick([1, 30, null]) }),
  drain(play, id) {
    play.all.manners.unsaving.add(id);
    push(play, id, { want: "auto", idleSeconds: 1 });
  },
  knock: (play, id) => play.all.door.knock(id),
  crash: (play, id) =>
    play.all.engine.stop(id, { code: play.pick([0, 1, 139]), outOfMemory: play.pick([true, false]) }),
  holder: (play, id) => play.all.engine.dropHolder(id),
  unsaving: (play, id) => play.all.manners.unsaving.add(id),
  stubborn: (play, id) => play.all.manners.stubborn.add(id),
  falling: (play, id) => play.all.manners.crashing.set(id, 1),
  mute(play, id) {
    const address = play.all.engine.units.get(id)?.holder?.address;
    if (address) play.all.readiness.mute.add(address);
  },
  refuse(play) {
    const method = play.pick([...refused]);
    play.all.runtime.fail(method, new AppError("docker_unavailable", "Docker does not answer."), play.pick([1, 3]));
  },
  /** Somebody else freezes or thaws it. */
  freeze: (play, id) => FakeEngine.prototype.pause.call(play.all.engine, id, play.pick([true, false])),
  players(play, id) {
    const address = play.all.engine.units.get(id)?.holder?.address;
    const on = { online: 1, max: 8, names: ["Ada"] };
    if (address) play.all.readiness.playing.set(address, play.pick([on, "silent", { ...on, online: 0, names: [] }]));
  },
  stuck: (play, id) => play.all.engine.stuck.add(id),
  short: (play) => void (play.all.memory.short = play.pick([true, false])),
  interrupt: (play) => play.all.engine.interrupt(),
  restart: (play) => play.all.restartAgent(),
  snapshot: (play) => play.all.registry.snapshot({ rev: play.rev, snapshot: [...play.records.values()], adopt: false }),
};

/** Watches the engine itself: no start of what runs, none without a holder, none that nobody asked for. */
function watchEngine({ all }: Play, faults: string[]): void {
  const start = all.engine.start.bind(all.engine);
  all.engine.start = (id) => {
    const unit = all.engine.units.get(id);
    if (unit?.game?.running) faults.push(`${id} was started while it ${unit.game.paused ? "was paused" : "ran"}`);
    if (!unit?.holder?.running || unit.game?.holder !== unit.holder.id)
      faults.push(`${id} was started without its holder`);
    if (all.files.metas.get(id)?.clean !== false) faults.push(`${id} was started before its files were marked`);
    start(id);
  };
}

/** Nobody is frozen with players on: the game would throw them out when it is thawed. */
function watchFrost({ all }: Play, faults: string[]): void {
  const pause = all.engine.pause.bind(all.engine);
  all.engine.pause = (id, paused) => {
    const address = all.engine.units.get(id)?.holder?.address ?? "";
    const players = all.readiness.playing.get(address);
    const on = players === "silent" || (players?.online ?? 0) > 0;
    if (paused && on) faults.push(`${id} was frozen with somebody on`);
    pause(id, paused);
  };
}

/** A wake or restart kick is answered by a server that is awake or failed to be, never by one that is asleep. */
function watchKicks({ all, records }: Play, faults: string[]): void {
  const answered = new Map<string, number>();
  all.onStatus = ({ id, kick: gen, state }) => {
    const { kick, want } = records.get(id)!;
    const news = kick !== null && gen >= kick.gen && kick.gen > (answered.get(id) ?? 0);
    answered.set(id, gen);
    if (!news || kick.kind === "hibernate" || (want !== "auto" && want !== "running")) return;
    if (state !== "ready" && state !== "failed") faults.push(`${id}: its ${kick.kind} was answered by being ${state}`);
  };
}

/** The world behaves again; what is wanted must come true. */
async function calm(play: Play): Promise<void> {
  const { all } = play;
  for (const set of [all.manners.unsaving, all.manners.stubborn, all.readiness.mute]) set.clear();
  all.manners.crashing.clear();
  all.readiness.playing.clear();
  all.memory.short = false;
  await all.restartAgent();
  await all.registry.snapshot({ rev: play.rev, snapshot: [...play.records.values()], adopt: false });
  for (const id of play.records.keys()) push(play, id, { idleSeconds: null });
  for (let i = 0; i < 60; i++) await all.advance(30_000);
}

/** Some are asked to wake and the others to sleep; answers what each must come to. */
async function ask(play: Play): Promise<Map<string, RegExp>> {
  const ends = new Map<string, RegExp>();
  for (const { id, want } of play.records.values()) {
    const kind = play.pick(["wake", "hibernate", "restart"] as const);
    push(play, id, { kick: { gen: play.records.get(id)!.gen + 1, kind } });
    ends.set(id, want === "auto" && kind === "hibernate" ? /^hibernated\/(paused|deep|held|cold)$/ : wanted[want]);
  }
  for (let i = 0; i < 4; i++) await play.all.advance(30_000);
  return ends;
}

const wanted: Record<Want, RegExp> = {
  auto: /^ready$/,
  running: /^ready$/,
  stopped: /^stopped$/,
  absent: /^absent$/,
};

/** Every other one on a machine that cannot pause games. */
for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) {
  test(`random interleaving ${seed} ends in what is wanted`, async (t) => {
    t.timeout(60_000);
    const random = chance(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    const all = await estate({ holdHeldMs: 120_000, freezes: seed % 2 === 0 });
    const records = new Map(Array.from({ length: servers }, (_, i) => [serverId(i + 1), record(i + 1)]));
    const play: Play = { all, records, rev: 1, pick };
    const faults: string[] = [];
    watchEngine(play, faults);
    watchKicks(play, faults);
    watchFrost(play, faults);
    await all.registry.snapshot({ rev: 1, snapshot: [...records.values()], adopt: false });
    const done: string[] = [];
    for (let i = 0; i < steps; i++) {
      const name = pick(Object.keys(moves));
      const id = pick([...records.keys()]);
      done.push(`${name} ${id.slice(-1)}`);
      await moves[name]!(play, id);
      await (pick([true, true, false]) ? all.ports.advance(pick([0, 0, 5, 100, 3_000, 40_000])) : Promise.resolve());
      if (pick([true, false, false]) && all.engine.units.get(id)) all.manners.crashing.delete(id);
    }
    await calm(play);
    const ends = await ask(play);
    t.deepEqual(faults, [], done.join(", "));
    for (const { id, want } of records.values()) {
      t.regex(all.state(id) ?? "absent", ends.get(id)!, `${id} wants ${want}; ${done.join(", ")}`);
      const game = all.engine.units.get(id)?.game;
      t.is(game?.running === true && game.paused, /paused|deep/.test(all.state(id) ?? ""), `${id} is frozen or not`);
      if (want === "absent" || want === "stopped") t.false(all.engine.units.has(id), `${id} left something`);
    }
    const runs = (): unknown[] =>
      [...all.engine.units].filter(([, unit]) => unit.game?.running).map(([id, unit]) => [id, unit.game?.startedAt]);
    const before = runs();
    await all.restartAgent();
    await all.settle();
    t.deepEqual(runs(), before, "adoption restarts nothing");
  });
}
