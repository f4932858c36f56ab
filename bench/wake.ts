/**
 * How long a player waits for a sleeping server. Ours: one first packet to the public port of the sleeper, until the first
 * byte that the game itself sends. Both sides are taken turn by turn in the same run, against
 * - `paused`     `docker unpause` of the same image with a published port, asked every 5 ms until the game answers
 * - `deep-zram`, `deep-swap`  ours from `paused`: what the moved memory costs
 * - `held`, `cold`  `docker start` of the same image with a published port, asked every 5 ms
 * `ten-at-once` wakes ten servers together, from `paused` and from `held`, against ten `docker start`.
 * `heap-600` is a pretended game with 600 MB of objects; it is measured at `paused` and `deep` alone.
 *
 * `npm run -s bench -- wake [--runs 50] [--game teeworlds] [--tier paused]`
 */
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { installationOf } from "@playspawn/e2e/stack/docker.ts";
import { type Stack, openStack } from "@playspawn/e2e/stack/stack.ts";
import type { Tier } from "@playspawn/shared";
import { heapGame, heapGames } from "./heap.ts";
import { count } from "./options.ts";
import { type Plain, plainContainer, type Sample, wakeLimitMs } from "./plain.ts";
import { echoProbe, type Probe, probes } from "./probes.ts";
import { percentile, print } from "./report.ts";
import { benchTen } from "./ten.ts";
import { type SwapKind, withSwap } from "./swap.ts";

const cases = ["paused", "deep-zram", "deep-swap", "held", "cold"] as const;
type Case = (typeof cases)[number];
const heapMegabytes = 600;
const heap = heapGame(heapMegabytes);
const games: Record<string, Probe> = { ...probes, [heap]: echoProbe };
/** Room for the largest. */
const swapMegabytes = 2048;
/** The door says each second who waits; nobody is frozen while somebody does, so it may still speak of the wake before. */
const figuresMs = 1_100;
/** How often a sleeper may miss its tier. */
const triesMax = 5;

const { runs, game, tier } = new Command("bench wake")
  .option("--runs <count>", "of each side", count, 50)
  .addOption(new Option("--game <name>").choices([...Object.keys(games), "ten-at-once"]))
  .addOption(new Option("--tier <name>").choices(cases))
  .parse()
  .opts<{ runs: number; game?: string; tier?: Case }>();

for (const swap of [null, "zram", "file"] as const) {
  const wanted = cases.filter((one) => swapOf(one) === swap && (tier === undefined || one === tier));
  const work = (): Promise<void> => benchCases(wanted);
  // Not in a folder that may itself be memory.
  const place = { folder: "/var/tmp", megabytes: swapMegabytes };
  if (wanted.length > 0) await (swap === null ? work() : withSwap(swap, place, work));
}

function swapOf(one: Case): SwapKind | null {
  if (one === "deep-zram") return "zram";
  return one === "deep-swap" ? "file" : null;
}

async function benchCases(wanted: readonly Case[]): Promise<void> {
  const catalogue = await heapGames([heapMegabytes]);
  await cp(fileURLToPath(new URL("../games", import.meta.url)), catalogue.dir, { recursive: true });
  const stack = await openStack({
    env: {
      control: { PLAYSPAWN_GAMES_DIR: catalogue.dir },
      agent: { PLAYSPAWN_HOLD_PAUSED_SECONDS: "86400", PLAYSPAWN_MIN_AWAKE_SECONDS: "0" },
    },
  });
  try {
    if (game !== "ten-at-once")
      for (const each of game ? [game] : Object.keys(games)) await benchGame(stack, each, wanted);
    if (game === undefined ? wanted.includes("held") : game === "ten-at-once") await benchTen(stack, runs);
  } finally {
    await stack.close();
    await catalogue.remove();
  }
}

async function benchGame(stack: Stack, game: string, wanted: readonly Case[]): Promise<void> {
  const probe = games[game]!;
  const { id, addresses } = await stack.api.create({ name: `bench ${game}`, game, idleSeconds: null });
  const server = { stack, id, port: addresses[0]!.port, probe };
  await stack.inState(id, "ready", { limitMs: 600_000 });
  const plain = await plainContainer(await installationOf(stack.dataDir), id, probe);
  try {
    for (const one of wanted.filter((name) => game !== heap || !["held", "cold"].includes(name)))
      await benchCase(game, one, server, plain);
  } finally {
    await plain.remove();
  }
  await stack.api.call("DELETE", `/api/v1/servers/${id}?purge=true`);
  await stack.live.until(`${id} gone`, 60_000, async () =>
    (await stack.api.servers()).length === 0 ? true : undefined,
  );
}

interface OurServer {
  stack: Stack;
  id: string;
  port: number;
  probe: Probe;
}

async function benchCase(game: string, one: Case, server: OurServer, plain: Plain): Promise<void> {
  const deep = swapOf(one) !== null;
  const name = deep ? "paused" : one === "paused" ? "docker unpause" : "docker start";
  const theirs = (): Promise<Sample> => {
    if (deep) return wakeOurs(server, "paused");
    return one === "paused" ? plain.unpause(server.probe) : plain.start(server.probe);
  };
  if (one === "paused") await plain.up(server.probe);
  const found: { ours: Sample[]; baseline: Sample[] } = { ours: [], baseline: [] };
  const kept: number[] = [];
  for (let run = 0; run < runs; run++) {
    found.ours.push(await wakeOurs(server, deep ? "deep" : (one as Tier)));
    if (deep) kept.push(await residentOf(server));
    found.baseline.push(await theirs());
  }
  report(`${game}/${one}`, name, found);
  if (!deep) return;
  const most = Math.max(...kept) / 1024 ** 2;
  const line = { bench: "wake", case: `${game}/${one}`, metric: "resident_max", unit: "MiB", baseline: null, runs };
  print({ ...line, ours: most, baselineName: name });
}

async function wakeOurs({ stack, id, port, probe }: OurServer, tier: Tier): Promise<Sample> {
  await sleepAt(stack, id, tier);
  const before = (await stack.api.events(id))[0]!.seq;
  const from = performance.now();
  await probe.once(port, wakeLimitMs);
  const total = performance.now() - from;
  const ready = await stack.live.until("the wake is told", wakeLimitMs, async () =>
    (await stack.api.events(id)).find((event) => event.kind === "ready" && event.seq > before),
  );
  await stack.inState(id, "ready");
  return { total, engine: Number(ready.data["engineMs"]), boot: Number(ready.data["bootMs"]) };
}

/** A game that does not answer who plays, as one on a busy machine, is stopped and not frozen: woken and tried again. */
async function sleepAt(stack: Stack, id: string, tier: Tier): Promise<void> {
  for (let tries = 0; tries < triesMax; tries++) {
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier });
    const { tier: reached } = await stack.live.until(`${id} asleep`, 180_000, async () => {
      const server = await stack.api.server(id);
      const passing = server.tier === "paused" && tier !== "paused";
      return server.have === "hibernated" && !passing ? server : undefined;
    });
    if (reached === tier) return;
    await stack.api.call("POST", `/api/v1/servers/${id}/wake`);
    await stack.inState(id, "ready");
    await new Promise((resolve) => setTimeout(resolve, figuresMs));
  }
  throw new Error(`${id} did not come to sleep at ${tier}`);
}

/** Bytes that the last deep sleep left in memory. */
async function residentOf({ stack, id }: OurServer): Promise<number> {
  const deeper = (await stack.api.events(id)).find(({ kind }) => kind === "deeper");
  return Number(deeper?.data["afterBytes"]);
}

function report(name: string, baselineName: string, { ours, baseline }: Record<"ours" | "baseline", Sample[]>): void {
  type Part = (sample: Sample) => number;
  const line = (metric: string, p: number, part: Part, compared = true): void =>
    print({
      bench: "wake",
      case: name,
      metric,
      unit: "ms",
      ours: percentile(ours.map(part), p),
      baseline: compared ? percentile(baseline.map(part), p) : null,
      baselineName,
      runs,
    });
  for (const p of [50, 95, 99]) line(`first_answer_p${p}`, p, ({ total }) => total);
  line("own_share_p50", 50, (sample) => sample.total - sample.engine - sample.boot, false);
  line("engine_share_p50", 50, ({ engine }) => engine);
  line("boot_p50", 50, ({ boot }) => boot);
  const raw = (samples: Sample[]): string => samples.map(({ total }) => total.toFixed(1)).join(" ");
  process.stderr.write(`# ${name} ours ms: ${raw(ours)}\n# ${name} ${baselineName} ms: ${raw(baseline)}\n`);
}
