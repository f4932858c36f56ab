/**
 * What it costs to know every second what each running game uses: read from the kernel's files as the agent does it, against
 * a stats stream of the engine for each, which is what dashboards of Docker do. Idle, ours, idle, theirs, turn by turn in
 * the same run, on the same containers; what is told is the cost over idle, of the sampling process, the engine,
 * containerd and the containers' shims together, in per cent of one core.
 *
 * `npm run -s bench -- stats [--containers 100] [--seconds 15] [--rounds 2]`
 */
import { readdir, readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { dockerRuntime } from "@playspawn/node-agent/runtime/docker.ts";
import { label } from "@playspawn/node-agent/runtime/names.ts";
import { stats } from "@playspawn/node-agent/stats/stats.ts";
import { docker, testLabels } from "@playspawn/e2e/stack/docker.ts";
import { ensureTinyImage, tinyImage } from "@playspawn/e2e/stack/tiny.ts";
import { Command } from "commander";
import { count } from "./options.ts";
import { cpuSeconds, parentOf } from "./processes.ts";
import { percentile, print } from "./report.ts";

const options = new Command("bench stats")
  .option("--containers <count>", "that are looked at", count, 100)
  .option("--seconds <count>", "of each measurement", count, 15)
  .option("--rounds <count>", "of all four", count, 2)
  .parse()
  .opts<{ containers: number; seconds: number; rounds: number }>();

const { clock, timers } = systemPorts;
/** For what a start left to be done, and for streams to begin. */
const settleMs = 5_000;
const atOnce = 4;

const identity = { installation: newId("inst", systemPorts), node: newId("node", systemPorts) };
const servers = Array.from({ length: options.containers }, () => newId("srv", systemPorts));
const made: string[] = [];

await ensureTinyImage();
try {
  await inTurns(servers, async (server) => void made.push(await start(server)));
  await timers.sleep(settleMs);
  const shims = await shimsOf(made);
  const ours = [];
  const theirs = [];
  for (let round = 0; round < options.rounds; round++) {
    ours.push(await overIdle(shims, readFiles));
    theirs.push(await overIdle(shims, readStreams));
  }
  report(ours, theirs);
} finally {
  await inTurns(made, (id) =>
    docker
      .getContainer(id)
      .remove({ force: true })
      .catch(() => undefined),
  );
}

async function start(server: string): Promise<string> {
  const labels = {
    ...testLabels,
    [label.installation]: identity.installation,
    [label.node]: identity.node,
    [label.server]: server,
    [label.role]: "game",
  };
  const container = await docker.createContainer({
    Image: tinyImage,
    Cmd: ["/bin/busybox", "sleep", "2147483647"],
    Labels: labels,
    HostConfig: { NetworkMode: "none", LogConfig: { Type: "none", Config: {} }, Memory: 16 * 1024 ** 2 },
  });
  await container.start();
  return container.id;
}

interface Cost {
  /** Of one core over idle: this process, engine, containerd and shims. */
  cpuPercent: number;
  ownPercent: number;
  /** Samples a second. */
  samples: number;
}

interface Reading {
  samples(): number;
  end(): void;
}

async function overIdle(shims: readonly number[], begin: () => Promise<Reading>): Promise<Cost> {
  const idle = await cpuOf(shims);
  const reading = await begin();
  await timers.sleep(settleMs);
  const from = reading.samples();
  const busy = await cpuOf(shims);
  const samples = (reading.samples() - from) / options.seconds;
  reading.end();
  await timers.sleep(settleMs);
  return { cpuPercent: busy.all - idle.all, ownPercent: busy.own - idle.own, samples };
}

/** As the agent does it while somebody looks at one of them. */
async function readFiles(): Promise<Reading> {
  let taken = 0;
  const runtime = dockerRuntime({
    ...identity,
    subnet: undefined,
    egress: { ports: { from: 20_000, to: 29_999 }, closedPorts: [], allow: [] },
    dockerHost: "unix:///var/run/docker.sock",
    contexts: { url: () => "", headers: () => ({}), scratchDir: "/nonexistent" },
    imageAllow: [],
    dataDir: "/nonexistent",
    ports: systemPorts,
    onTrouble: () => undefined,
  });
  const supervisor = { startedAt: 1, status: () => ({ state: "ready" }) };
  const looking = stats({
    ports: systemPorts,
    runtime: {
      async consumption(server) {
        const used = await runtime.consumption(server);
        if (used) taken++;
        return used;
      },
    },
    registry: { get: () => supervisor as never, running: () => servers },
  });
  const end = new AbortController();
  const look = async (): Promise<void> => void (await looking.of(servers[0]!, end.signal).catch(() => undefined));
  await look();
  const cancel = timers.every(5_000, () => void look());
  return {
    samples: () => taken,
    end() {
      cancel();
      end.abort();
    },
  };
}

async function readStreams(): Promise<Reading> {
  let taken = 0;
  const streams: Readable[] = [];
  await inTurns(made, async (id) => {
    const stream = (await docker.getContainer(id).stats({ stream: true })) as unknown as Readable;
    stream.on("data", (line: Buffer) => {
      JSON.parse(line.toString());
      taken++;
    });
    stream.on("error", () => undefined);
    streams.push(stream);
  });
  return { samples: () => taken, end: () => streams.forEach((stream) => stream.destroy()) };
}

/** Per cent of one core over the next seconds. */
async function cpuOf(shims: readonly number[]): Promise<{ all: number; own: number }> {
  const pids = [...(await pidsOf(["dockerd", "containerd"])), ...shims];
  const from = { at: clock.mono(), engine: await cpuSeconds(pids), own: process.cpuUsage() };
  await timers.sleep(options.seconds * 1000);
  const ms = clock.mono() - from.at;
  const { user, system } = process.cpuUsage(from.own);
  const own = ((user + system) / 1000 / ms) * 100;
  return { own, all: own + (((await cpuSeconds(pids)) - from.engine) / ms) * 100_000 };
}

async function pidsOf(names: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    if (names.includes(name.trim())) found.push(Number(pid));
  }
  return found;
}

/** The process that stands between the engine and each container. */
async function shimsOf(ids: readonly string[]): Promise<number[]> {
  const shims = new Set<number>();
  await inTurns(ids, async (id) => {
    const { Pid } = (await docker.getContainer(id).inspect()).State;
    shims.add(await parentOf(Pid));
  });
  return [...shims];
}

function report(ours: readonly Cost[], theirs: readonly Cost[]): void {
  const middle = (costs: readonly Cost[], of: keyof Cost): number =>
    percentile(
      costs.map((cost) => cost[of]),
      50,
    );
  const line = (metric: string, unit: string, of: keyof Cost): void =>
    print({
      bench: "stats",
      case: String(options.containers),
      metric,
      unit,
      ours: middle(ours, of),
      baseline: middle(theirs, of),
      baselineName: "a stats stream of the engine for each",
      runs: options.rounds,
    });
  line("cpu_over_idle", "% of a core", "cpuPercent");
  line("own_cpu_over_idle", "% of a core", "ownPercent");
  line("samples", "1/s", "samples");
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
