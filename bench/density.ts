/**
 * How many more servers a machine holds when those that nobody plays sleep.
 *
 * `sleeper-<tier>-<size>`: what one sleeper costs, from how far MemAvailable falls when so many are put to that tier, against
 * the same servers awake. `trace-<percent>`: servers that are played so much of the time come and go for a while, tiers are
 * chosen by the node itself; `gain` is the memory that all awake take over the memory that the trace took on the average,
 * against the arithmetic limit 1/share; `lost` are joins without an answer. Times of a trace run faster than in life: a
 * visit of an hour and a half lasts `--visit` seconds, and the node's own times are shortened by the same factor.
 *
 * Memory moves to a swap file that is made for the run. `npm run -s bench -- density [--case trace-10]`
 */
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { Command } from "commander";
import { type Stack, openStack } from "@playspawn/e2e/stack/stack.ts";
import { anotherAddress, echo } from "@playspawn/e2e/stack/tiny.ts";
import { heapGame, heapGames } from "./heap.ts";
import { count } from "./options.ts";
import { percentile, print } from "./report.ts";
import { withSwap } from "./swap.ts";

const sleeperTiers = ["paused", "deep", "held", "cold"] as const;
/** Megabytes of a server, and how many of them are measured at once. */
const sizes = new Map([
  [45, 8],
  [600, 4],
  [2000, 2],
]);
const traceMegabytes = 600;
const options = new Command("bench density")
  .option("--case <name>", "one alone, such as sleeper-deep-600 or trace-10")
  .option("--servers <count>", "of a trace", count, 10)
  .option("--visit <seconds>", "that a visit lasts in a trace, on the average", count, 20)
  .option("--minutes <count>", "of a trace", count, 10)
  .parse()
  .opts<{ case?: string; servers: number; visit: number; minutes: number }>();
const isWanted = (name: string): boolean => options.case === undefined || options.case === name;

/** For what a boot or a pause left to be done. */
const settleMs = 5_000;
const bootLimitMs = 600_000;
const joinLimitMs = 30_000;
const swapMegabytes = 16_384;
/** Of a visit in life. */
const visitSeconds = 5_400;
const shortened = (seconds: number): string =>
  String(Math.max(1, Math.round((seconds * options.visit) / visitSeconds)));

/** Nothing goes deeper by itself. */
const never = { PLAYSPAWN_HOLD_PAUSED_SECONDS: "86400", PLAYSPAWN_HOLD_DEEP_SECONDS: "86400" };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const exponential = (mean: number): number => -mean * Math.log(1 - Math.random());

/** Megabytes that programs could still have. */
async function available(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8");
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)![1]) / 1024;
}

const games = await heapGames([...sizes.keys()]);
try {
  await withSwap("file", { folder: tmpdir(), megabytes: swapMegabytes }, async () => {
    await sleepers();
    for (const percent of [10, 2]) if (isWanted(`trace-${percent}`)) await trace(percent);
  });
} finally {
  await games.remove();
}

async function sleepers(): Promise<void> {
  for (const [megabytes, servers] of sizes) {
    const tiers = sleeperTiers.filter((tier) => isWanted(`sleeper-${tier}-${megabytes}`));
    if (tiers.length === 0) continue;
    const stack = await openStack({
      env: { control: { PLAYSPAWN_GAMES_DIR: games.dir }, agent: never },
    });
    try {
      await measureSleepers(stack, { megabytes, servers, tiers });
    } finally {
      await stack.close();
    }
  }
}

interface Sleepers {
  megabytes: number;
  servers: number;
  tiers: readonly (typeof sleeperTiers)[number][];
}

async function measureSleepers(stack: Stack, { megabytes, servers, tiers }: Sleepers): Promise<void> {
  await sleep(settleMs);
  const empty = await available();
  const each = async (): Promise<number> => {
    await sleep(settleMs);
    return (empty - (await available())) / servers;
  };
  const ids = await deploy(stack, megabytes, servers);
  const awake = await each();
  for (const tier of tiers) {
    for (const id of ids) {
      await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier });
      await stack.inState(id, "hibernated", { tier, limitMs: bootLimitMs });
    }
    const mb = await each();
    const line = { bench: "density", case: `sleeper-${tier}-${megabytes}`, runs: servers };
    print({ ...line, metric: "mb", unit: "MB", ours: mb, baseline: awake, baselineName: "awake" });
  }
}

/** All of them ready. */
async function deploy({ api, inState }: Stack, megabytes: number, servers: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < servers; n++) {
    const { id } = await api.create({ name: `density ${n}`, game: heapGame(megabytes), idleSeconds: null });
    await inState(id, "ready", { limitMs: bootLimitMs });
    ids.push(id);
  }
  return ids;
}

interface Visits {
  waitsMs: number[];
  lost: number;
  /** Seconds that somebody was on. */
  played: number;
}

async function trace(percent: number): Promise<void> {
  const stack = await openStack({
    env: {
      control: { PLAYSPAWN_GAMES_DIR: games.dir },
      agent: {
        PLAYSPAWN_MIN_AWAKE_SECONDS: "1",
        PLAYSPAWN_HOLD_PAUSED_SECONDS: shortened(60),
        PLAYSPAWN_HOLD_DEEP_SECONDS: shortened(3_600),
        PLAYSPAWN_HOLD_HELD_SECONDS: shortened(82_800),
      },
    },
  });
  try {
    await sleep(settleMs);
    const empty = await available();
    const ids = await deploy(stack, traceMegabytes, options.servers);
    await sleep(settleMs);
    const allAwake = empty - (await available());
    const bootMs = await bootOf(stack, ids[0]!);
    for (const id of ids)
      await stack.api.call("PATCH", `/api/v1/servers/${id}`, { idleSeconds: Number(shortened(900)) });
    const { taken, visits } = await play(stack, { ids, empty, percent });
    report(percent, { gain: allAwake / taken, visits, bootMs });
  } finally {
    await stack.close();
  }
}

/** What a start from `held` takes, ms. */
async function bootOf({ api, inState }: Stack, id: string): Promise<number> {
  await api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "held" });
  await inState(id, "hibernated", { tier: "held" });
  const from = performance.now();
  await echo((await api.server(id)).addresses[0]!.port, "boot", joinLimitMs);
  return performance.now() - from;
}

async function play(
  { api }: Stack,
  { ids, empty, percent }: { ids: readonly string[]; empty: number; percent: number },
): Promise<{ taken: number; visits: Visits }> {
  const ends = performance.now() + options.minutes * 60_000;
  const visits: Visits = { waitsMs: [], lost: 0, played: 0 };
  const offSeconds = options.visit * (100 / percent - 1);
  const players = ids.map(async (id) => {
    const { addresses } = await api.server(id);
    // They are somewhere in their pause when it begins.
    await sleep(Math.min(exponential(offSeconds) * 1000, ends - performance.now()));
    while (performance.now() < ends) {
      await visit(addresses[0]!.port, Math.min(exponential(options.visit) * 1000, ends - performance.now()), visits);
      await sleep(Math.max(0, Math.min(exponential(offSeconds) * 1000, ends - performance.now())));
    }
  });
  const samples: number[] = [];
  // The habits of the first minute are those of servers that nobody knows yet, and count as well.
  while (performance.now() < ends) {
    samples.push(empty - (await available()));
    await sleep(1_000);
  }
  await Promise.all(players);
  return { taken: samples.reduce((sum, one) => sum + one, 0) / samples.length, visits };
}

/** A player joins, says something every second, and goes. */
async function visit(port: number, ms: number, visits: Visits): Promise<void> {
  const from = performance.now();
  const socket = connect({ host: "127.0.0.1", port, localAddress: anotherAddress() }, () => socket.write("hello"));
  const first = await new Promise<boolean>((resolve) => {
    socket.setTimeout(joinLimitMs, () => resolve(false));
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
  if (first) visits.waitsMs.push(performance.now() - from);
  else visits.lost++;
  const talk = setInterval(() => socket.write("still here"), 1_000);
  await sleep(ms);
  clearInterval(talk);
  socket.destroy();
  visits.played += (performance.now() - from) / 1000;
}

function report(percent: number, { gain, visits, bootMs }: { gain: number; visits: Visits; bootMs: number }): void {
  const share = visits.played / (options.minutes * 60 * options.servers);
  const line = { bench: "density", case: `trace-${percent}`, runs: visits.waitsMs.length + visits.lost };
  print({ ...line, metric: "gain", unit: "x", ours: gain, baseline: 1 / share, baselineName: "1 / share played" });
  print({ ...line, metric: "lost", unit: "joins", ours: visits.lost, baseline: null, baselineName: "none" });
  const waits = visits.waitsMs.length > 0 ? visits.waitsMs : [0];
  for (const p of [50, 99]) {
    const ours = percentile(waits, p);
    print({ ...line, metric: `wake_p${p}`, unit: "ms", ours, baseline: bootMs, baselineName: "a boot from held" });
  }
}
