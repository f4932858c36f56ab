/**
 * What Playspawn costs while nobody plays: memory and CPU of control plane, agent and door with 20 sleeping servers,
 * half of them held and half cold, against the same 20 left running, which is what people do without it. Both sides are
 * measured in one run, on the same servers, for a minute each.
 *
 * Memory is PSS, from `/proc/<pid>/smaps_rollup`: three processes run the same Node, and RSS would count its pages
 * three times. RSS stands beside it. A held sleeper keeps a container with its network, so what the engine needs for
 * those, its shims included, is told as a line of its own.
 *
 * `npm run -s bench -- footprint [--servers 20] [--game teeworlds] [--seconds 60]`
 */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { docker, gameOf, installationOf, ours } from "@playspawn/e2e/stack/docker.ts";
import { type Stack, openStack } from "@playspawn/e2e/stack/stack.ts";
import { count } from "./options.ts";
import { cpuSeconds, memoryOf } from "./processes.ts";
import { print } from "./report.ts";

interface Figures {
  pssBytes: number;
  rssBytes: number;
  /** Of one core, over the time of the measurement. */
  cpuPercent: number;
}

const { servers, game, seconds } = new Command("bench footprint")
  .option("--servers <count>", "asleep, and left running", count, 20)
  .option("--game <name>", "of all of them", "teeworlds")
  .option("--seconds <count>", "of each measurement", count, 60)
  .parse()
  .opts<{ servers: number; game: string; seconds: number }>();
/** What the promise says. */
const promise = { megabytes: 250, cpuPercent: 1 };
/** For what a boot or a save left to be done: garbage, journals, last reports. */
const settleMs = 30_000;
const bootLimitMs = 600_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const compiled = { NODE_COMPILE_CACHE: fileURLToPath(new URL("../.cache/compiled", import.meta.url)) };
const env = { control: compiled, agent: compiled, door: compiled };
// The first start ever compiles everything; `start` keeps that for all later ones.
await (await openStack({ env })).close();
const stack = await openStack({ env });
try {
  const ids = await createServers(stack);
  await sleep(settleMs);
  const running = await measure(await gamePids(stack, ids));
  await putToSleep(stack, ids);
  await sleep(settleMs);
  const programs = Object.values(stack.parts).map(({ pid }) => pid);
  const kept = await holderPids(stack);
  const [holders, ...each] = await Promise.all([measure(kept), ...programs.map((pid) => measure([pid]))]);
  const parts = Object.keys(stack.parts).map((name, i) => [name, each[i]!] as const);
  report(running, parts, holders);
} finally {
  await stack.close();
}

async function createServers({ api, inState }: Stack): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < servers; n++) {
    const { id } = await api.create({ name: `footprint ${n}`, game, idleSeconds: null });
    await inState(id, "ready", { limitMs: bootLimitMs });
    ids.push(id);
  }
  return ids;
}

/** Every second one held, the others cold. */
async function putToSleep({ api, inState }: Stack, ids: readonly string[]): Promise<void> {
  for (const [n, id] of ids.entries()) {
    const tier = n % 2 ? "cold" : "held";
    await api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier });
    await inState(id, "hibernated", { tier });
  }
}

/** All processes of the running games with their shims: what stands behind each server that is left running. */
async function gamePids({ dataDir }: Stack, ids: readonly string[]): Promise<number[]> {
  const installation = await installationOf(dataDir);
  const games = await Promise.all(ids.map((id) => gameOf(installation, id)));
  return (await Promise.all(games.map((game) => containerPids(game!.Id)))).flat();
}

async function holderPids({ dataDir }: Stack): Promise<number[]> {
  const { containers } = await ours(await installationOf(dataDir));
  const running = containers.filter(({ State }) => State === "running");
  return (await Promise.all(running.map(({ Id }) => containerPids(Id)))).flat();
}

async function containerPids(id: string): Promise<number[]> {
  const { Processes: processes } = (await docker.getContainer(id).top({ ps_args: "-o pid,ppid" })) as {
    Processes: [string, string][];
  };
  const pids = processes.map(([pid]) => Number(pid));
  const shims = processes.map(([, ppid]) => Number(ppid)).filter((pid) => !pids.includes(pid));
  return [...new Set([...pids, ...shims])];
}

async function measure(pids: readonly number[]): Promise<Figures> {
  const from = performance.now();
  const before = await cpuSeconds(pids);
  await sleep(seconds * 1000);
  const after = await cpuSeconds(pids);
  const elapsed = (performance.now() - from) / 1000;
  const [pss, rss] = [await memoryOf(pids, "Pss"), await memoryOf(pids, "Rss")];
  return { pssBytes: pss, rssBytes: rss, cpuPercent: ((after - before) / elapsed) * 100 };
}

function report(running: Figures, parts: readonly (readonly [string, Figures])[], holders: Figures): void {
  const total = (field: keyof Figures): number => parts.reduce((sum, [, figures]) => sum + figures[field], 0);
  const megabytes = (bytes: number): number => bytes / 1e6;
  const line = (metric: string, unit: string, mine: number, baseline: number | null): void =>
    print({
      bench: "footprint",
      case: `${game}/${servers}`,
      metric,
      unit,
      ours: mine,
      baseline,
      baselineName: "the same servers left running",
      runs: 1,
    });
  line("programs_pss", "MB", megabytes(total("pssBytes")), megabytes(running.pssBytes));
  line("programs_rss", "MB", megabytes(total("rssBytes")), megabytes(running.rssBytes));
  line("programs_cpu", "% of a core", total("cpuPercent"), running.cpuPercent);
  line("held_containers_pss", "MB", megabytes(holders.pssBytes), null);
  line("held_containers_cpu", "% of a core", holders.cpuPercent, null);
  for (const [name, { pssBytes, rssBytes, cpuPercent }] of parts)
    process.stderr.write(
      `# ${name}: ${megabytes(pssBytes).toFixed(1)} MB PSS, ${megabytes(rssBytes).toFixed(1)} MB RSS, ${cpuPercent.toFixed(2)} %\n`,
    );
  const kept = megabytes(total("pssBytes")) <= promise.megabytes && total("cpuPercent") <= promise.cpuPercent;
  process.stderr.write(
    `# promised: at most ${promise.megabytes} MB and ${promise.cpuPercent} % of a core: ${kept ? "kept" : "MISSED"}\n`,
  );
  if (!kept) process.exitCode = 1;
}
