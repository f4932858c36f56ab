/** `./scripts/test`: gets what the tests need, runs all of them, and says what they left behind. */
import { glob } from "node:fs/promises";
import { basename, matchesGlob, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { newSecret } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { ensureBaseImages } from "../base-images.ts";
import { startConfig } from "../config.ts";
import { interrupted } from "../lib/interrupted.ts";
import { repository } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";
import { runAva, runLanes, type Job } from "../suite/ava.ts";
import { ensurePostgres, startPostgres } from "../suite/postgres.ts";
import { readSkips, tally, type Tally } from "../suite/tally.ts";
import { openRunFolder } from "../suite/run-folder.ts";
import { compareTraces, processesOf, readTraces, type Traces } from "../suite/traces.ts";
import { ensureDashboard } from "../up/dashboard.ts";
import { ensureDocker, ensureDockerCli } from "../up/docker.ts";
import { Halt } from "../up/halt.ts";
import { ensurePackages } from "../up/packages.ts";
import { runChecks } from "./check.ts";

const packages = [
  ["busybox-static", "iproute2", "iptables", "nftables", "conntrack", "strace", "ca-certificates", "git"],
  // Base images where no registry answers, a browser, and a real game client on a screen that nobody sees.
  [
    "debootstrap",
    "docker-compose",
    "xvfb",
    "xauth",
    "teeworlds",
    "teeworlds-server",
    "libgl1-mesa-dri",
    "fonts-dejavu-core",
  ],
].flat();

const parts = ["check", "unit", "e2e"] as const;
type Part = (typeof parts)[number];

const unitLimitMs = 10 * 60_000;
/** Of one file of whole-program tests; each test has a shorter one of its own. */
const e2eLimitMs = 15 * 60_000;
/** Whole programs spend most of their time waiting for each other: three files at a time fill two cores. */
const e2eLanes = 3;
/** Those that take longest begin first, so that no lane ends long after the other. */
const longest = [
  "neighbours",
  "kills-agent",
  "kills-control-plane",
  "bare",
  "compose",
  "life",
  "dashboard",
  "channels",
  "backup",
  "games",
  "many",
  "upgrade",
  "openarena",
];

const databases = ["both", "sqlite", "postgresql"] as const;

interface Choice {
  parts: readonly Part[];
  files: readonly string[];
  /** `both` runs everything on SQLite and, on PostgreSQL, what depends on the database; docs/testing.md says why. */
  database: (typeof databases)[number];
}

export async function test(args: string[]): Promise<number> {
  const choice = chosen(args);
  const begin = systemPorts.clock.mono();
  const engine = await prepare();
  const before = await readTraces();
  const counted = tally(await readSkips(), say);
  const folder = await openRunFolder(newSecret(systemPorts.rng).slice(0, 16));
  const environment = {
    ...startConfig().environment,
    ...folder.environment,
    CHROME_PATH: await findBrowser(),
    // Our programs are started some hundred times.
    NODE_COMPILE_CACHE: `${repository}/.cache/compiled`,
  };
  const end = await Promise.race([runParts(choice, counted, environment), interrupted()]);
  if (end !== "interrupted") await countLeftovers(counted, before, folder.mark);
  await folder.remove();
  if (end === "interrupted") throw new Halt(130, "Interrupted. What the tests had made was removed.");
  report(counted, begin, engine.started);
  return counted.failed() === 0 ? 0 : 1;
}

function chosen(args: string[]): Choice {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: "string" },
      database: { type: "string", default: "both" },
      yes: { type: "boolean", short: "y" },
    },
  });
  const database = oneOf("database", databases, values.database);
  if (values.only !== undefined) return { parts: [oneOf("only", parts, values.only)], files: positionals, database };
  if (positionals.length === 0) return { parts, files: [], database };
  return {
    parts: positionals.some((file) => file.startsWith("e2e/")) ? ["e2e"] : ["unit"],
    files: positionals,
    database,
  };
}

function oneOf<T extends string>(option: string, allowed: readonly T[], value: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Halt(64, `--${option} takes one of ${allowed.join(", ")}, not ${value}.`);
  return found;
}

/** The first of these that is there; Ubuntu has no package `chromium`, and often another of the family already. */
async function findBrowser(): Promise<string | undefined> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const found = await run("which", [name]);
    if (found.code === 0) return found.stdout.trim();
  }
  return undefined;
}

async function prepare() {
  if (!(await findBrowser())) await ensurePackages(["chromium"], "The tests look at the dashboard.", { yes: true });
  await ensurePackages(packages, "The tests need these packages.", { yes: true });
  const engine = await ensureDocker({ yes: true, dockerHost: startConfig().dockerHost, timers: systemPorts.timers });
  await ensureDockerCli({ yes: true });
  await ensurePostgres();
  await ensureBaseImages({ log: say, extraCaFile: startConfig().environment.NODE_EXTRA_CA_CERTS });
  await ensureDashboard();
  return engine;
}

async function runParts(choice: Choice, counted: Tally, environment: NodeJS.ProcessEnv): Promise<void> {
  if (choice.parts.includes("check"))
    for (const { name, findings } of await runChecks())
      counted.add({ title: `check › ${name}`, outcome: findings.length === 0 ? "passed" : "failed", details: [] });
  const whole = await wholePrograms();
  const rounds = [sqliteRound(choice, whole), postgresRound(choice, whole)].filter((round) => round !== undefined);
  const server = rounds.some(({ prefix }) => prefix !== "") ? await startPostgres(environment) : undefined;
  const environmentOf = ({ prefix }: Round): NodeJS.ProcessEnv =>
    prefix === "" ? environment : { ...environment, PLAYSPAWN_TEST_DATABASE_URL: server!.url };
  try {
    // Side by side: each waits half of its time, for Docker or for a limit to pass.
    await Promise.all(rounds.map((round) => runUnit(round, environmentOf(round), counted)));
    const jobs = rounds.flatMap((round) =>
      round.e2e.map((file): Job => ({ file, environment: environmentOf(round), prefix: round.prefix })),
    );
    const limits = { config: "ava.e2e.config.js", limitMs: e2eLimitMs, lanes: e2eLanes };
    await runLanes(
      jobs.toSorted((a, b) => rank(a.file) - rank(b.file)),
      limits,
      counted.add,
    );
  } finally {
    await server?.remove();
  }
}

/** What runs on one database. */
interface Round {
  /** Of its results' titles; empty on SQLite. */
  prefix: string;
  /** Files or patterns, all where it is empty; undefined: none. */
  unit: readonly string[] | undefined;
  e2e: readonly string[];
}

async function runUnit({ prefix, unit }: Round, environment: NodeJS.ProcessEnv, counted: Tally): Promise<void> {
  if (!unit) return;
  await runAva({ config: "ava.config.js", files: unit, environment, limitMs: unitLimitMs }, (result) =>
    counted.add({ ...result, title: prefix + result.title }),
  );
}

function sqliteRound({ parts: chosenParts, files, database }: Choice, whole: readonly string[]): Round | undefined {
  if (database === "postgresql") return undefined;
  const unit = chosenParts.includes("unit") ? files : undefined;
  const e2e = files.length > 0 ? files : whole;
  return { prefix: "", unit, e2e: chosenParts.includes("e2e") ? e2e : [] };
}

/** docs/testing.md says why these and no others. */
const onBoth = {
  unit: ["control-plane/**/*.test.ts"],
  e2e: ["teeworlds", "minecraft", "kills-control-plane"].map((name) => `e2e/src/${name}.test.ts`),
};
/** They start what they test by its own commands, on its own database, are about its files, or know none. */
const onTheirOwn = ["backup", "bare", "compose", "doctor", "games", "start", "upgrade"];

function postgresRound({ parts: chosenParts, files, database }: Choice, whole: readonly string[]): Round | undefined {
  if (database === "sqlite") return undefined;
  const all = whole.filter((file) => !onTheirOwn.includes(basename(file, ".test.ts")));
  const patterns = { unit: onBoth.unit, e2e: database === "both" ? onBoth.e2e : all };
  const of = (part: "unit" | "e2e"): readonly string[] => {
    if (!chosenParts.includes(part)) return [];
    if (files.length === 0) return patterns[part];
    return files.filter((file) =>
      patterns[part].some((pattern) => matchesGlob(relative(repository, resolve(file)), pattern)),
    );
  };
  const [unit, e2e] = [of("unit"), of("e2e")];
  if (unit.length + e2e.length === 0) return undefined;
  return { prefix: "postgresql › ", unit: unit.length > 0 ? unit : undefined, e2e };
}

async function wholePrograms(): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob("e2e/src/**/*.test.ts", { cwd: repository })) found.push(file);
  return found.toSorted();
}

function rank(file: string): number {
  const place = longest.indexOf(basename(file, ".test.ts"));
  return place < 0 ? longest.length : place;
}

/** What ends a moment after its test is no leftover. */
const settleMs = 10_000;
const settleStepMs = 500;
const namedMax = 40;

async function countLeftovers(counted: Tally, before: Traces, mark: string): Promise<void> {
  const { clock, timers } = systemPorts;
  const end = clock.mono() + settleMs;
  let left = await leftovers(before, mark);
  while (left.length > 0 && clock.mono() < end) {
    await timers.sleep(settleStepMs);
    left = await leftovers(before, mark);
  }
  counted.add({
    title: "the machine is as it was: containers, networks, volumes, bridges, processes, files",
    outcome: left.length === 0 ? "passed" : "failed",
    details: [
      ...left.slice(0, namedMax),
      ...(left.length > namedMax ? [`… and ${left.length - namedMax} more`] : []),
    ].map((line) => `  ${line}`),
  });
}

const leftovers = async (before: Traces, mark: string): Promise<string[]> => [
  ...compareTraces(before, await readTraces()),
  ...(await processesOf(mark)).map((one) => `the process ${one} was left behind`),
];

function report(counted: Tally, begin: number, startedDocker: boolean): void {
  say(`\nTook ${Math.round((systemPorts.clock.mono() - begin) / 1000)} s.`);
  if (startedDocker) say("A dockerd was started for the tests and stays.");
  for (const title of counted.failures) say(`failed: ${title}`);
  say(counted.line());
}
