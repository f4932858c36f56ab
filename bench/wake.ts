/**
 * How long a player waits for a sleeping server, against a plain `docker start` of the same image with a published
 * port. Both sides are taken turn by turn in the same run, and a run ends with the first byte that the game itself sends.
 * Ours: one first packet to the public port of the sleeping server. Baseline: `docker start`, then the same packet every
 * 5 ms until the game answers, because nobody holds it.
 *
 * `npm run -s bench -- wake [--runs 50] [--game teeworlds] [--tier held]`
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command, Option } from "commander";
import type { ContainerInspectInfo } from "dockerode";
import { docker, gameOf, installationOf, testLabels } from "@playspawn/e2e/stack/docker.ts";
import { type Stack, freePort, openStack } from "@playspawn/e2e/stack/stack.ts";
import { count } from "./options.ts";
import { type Probe, probes } from "./probes.ts";
import { percentile, print } from "./report.ts";

interface Sample {
  total: number;
  engine: number;
  boot: number;
}
type Tier = "held" | "cold";

const wakeLimitMs = 60_000;
const { runs, game, tier } = new Command("bench wake")
  .option("--runs <count>", "of each side", count, 50)
  .addOption(new Option("--game <name>").choices(Object.keys(probes)))
  .addOption(new Option("--tier <name>").choices(["held", "cold"]))
  .parse()
  .opts<{ runs: number; game?: string; tier?: Tier }>();
const games = game ? [game] : Object.keys(probes);
const tiers: readonly Tier[] = tier ? [tier] : ["held", "cold"];
const stack = await openStack();
try {
  for (const each of games) await benchGame(stack, each, probes[each]!);
} finally {
  await stack.close();
}

async function benchGame(stack: Stack, game: string, probe: Probe): Promise<void> {
  const { id, addresses } = await stack.api.create({ name: `bench ${game}`, game, idleSeconds: null });
  const port = addresses[0]!.port;
  await stack.inState(id, "ready", { limitMs: 600_000 });
  const plain = await plainContainer(await installationOf(stack.dataDir), id, probe);
  try {
    for (const tier of tiers) {
      const [ours, theirs] = [[] as Sample[], [] as Sample[]];
      for (let run = 0; run < runs; run++) {
        ours.push(await wakeOurs(stack, id, port, tier, probe));
        theirs.push(await startPlain(plain, probe));
      }
      report(game, tier, ours, theirs);
    }
  } finally {
    await plain.remove();
  }
  await stack.api.call("DELETE", `/api/v1/servers/${id}?purge=true`);
  await stack.live.until(`${id} gone`, 60_000, async () =>
    (await stack.api.servers()).length === 0 ? true : undefined,
  );
}

async function wakeOurs(stack: Stack, id: string, port: number, tier: Tier, probe: Probe): Promise<Sample> {
  await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier });
  await stack.inState(id, "hibernated", { tier });
  const before = (await stack.api.events(id))[0]!.seq;
  const from = performance.now();
  await probe.once(port, wakeLimitMs);
  const total = performance.now() - from;
  const ready = await stack.live.until("the wake is told", wakeLimitMs, async () =>
    (await stack.api.events(id)).find((event) => event.kind === "ready" && event.seq > before),
  );
  return { total, engine: Number(ready.data["engineMs"]), boot: Number(ready.data["bootMs"]) };
}

interface Plain {
  container: Awaited<ReturnType<typeof docker.createContainer>>;
  port: number;
  remove(): Promise<void>;
}

/** Folders of its own with the same files, so that both sides read and write the same disk. */
async function copyOfFiles(game: ContainerInspectInfo) {
  const dir = await mkdtemp(join(tmpdir(), "playspawn-bench-"));
  const mounts = game.Mounts.map((mount, n) => ({
    Type: "bind",
    Source: join(dir, String(n)),
    Target: mount.Destination,
    from: mount.Source,
  }));
  for (const { from, Source } of mounts) await promisify(execFile)("cp", ["-a", from, Source]);
  return { dir, mounts: mounts.map(({ from: _from, ...mount }) => mount) };
}

async function removePlain(container: Plain["container"], dir: string): Promise<void> {
  await container.remove({ force: true, v: true });
  await rm(dir, { recursive: true, force: true });
}

/** The same image, command, limits and files as the game container of ours, with Docker's own published port. */
async function plainContainer(installation: string, server: string, probe: Probe): Promise<Plain> {
  const game = (await gameOf(installation, server))!;
  const port = await freePort();
  const exposed = `${probe.containerPort}/${probe.protocol}`;
  const { NetworkMode: _network, ...host } = game.HostConfig;
  const files = await copyOfFiles(game);
  const container = await docker.createContainer({
    Image: game.Image,
    Env: game.Config.Env,
    User: game.Config.User,
    OpenStdin: true,
    Labels: testLabels,
    ExposedPorts: { [exposed]: {} },
    HostConfig: {
      ...host,
      Mounts: files.mounts,
      PortBindings: { [exposed]: [{ HostIp: "0.0.0.0", HostPort: String(port) }] },
    },
  } as never);
  return { container, port, remove: () => removePlain(container, files.dir) };
}

async function startPlain({ container, port }: Plain, probe: Probe): Promise<Sample> {
  const from = performance.now();
  await container.start();
  const engine = performance.now() - from;
  await probe.untilAnswer(port, wakeLimitMs);
  const total = performance.now() - from;
  await container.kill();
  await container.wait();
  return { total, engine, boot: total - engine };
}

function report(game: string, tier: Tier, ours: Sample[], theirs: Sample[]): void {
  const line = (
    metric: string,
    of: (samples: Sample[]) => number | null,
    baseline: (samples: Sample[]) => number | null = of,
  ): void =>
    print({
      bench: "wake",
      case: `${game}/${tier}`,
      metric,
      unit: "ms",
      ours: of(ours),
      baseline: baseline(theirs),
      baselineName: "docker start",
      runs,
    });
  const total = (p: number) => (samples: Sample[]) =>
    percentile(
      samples.map((sample) => sample.total),
      p,
    );
  line("first_answer_p50", total(50));
  line("first_answer_p95", total(95));
  line("first_answer_p99", total(99));
  line(
    "own_share_p50",
    (samples) =>
      percentile(
        samples.map((s) => s.total - s.engine - s.boot),
        50,
      ),
    () => null,
  );
  line("engine_share_p50", (samples) =>
    percentile(
      samples.map((s) => s.engine),
      50,
    ),
  );
  line("boot_p50", (samples) =>
    percentile(
      samples.map((s) => s.boot),
      50,
    ),
  );
  const raw = (samples: Sample[]): string => samples.map((sample) => sample.total.toFixed(1)).join(" ");
  process.stderr.write(`# ${game}/${tier} ours ms: ${raw(ours)}\n# ${game}/${tier} docker start ms: ${raw(theirs)}\n`);
}
