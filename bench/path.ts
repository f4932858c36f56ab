/**
 * How fast a player's packets reach an awake server, five ways to the same container, turn by turn in the same run:
 * `routed` to its own address without translation, `docker` published by Docker, `docker-proxy` by Docker's relay,
 * `relay` through our door, `kernel` past it. The player is a network namespace behind a virtual cable, load and echo are
 * C (bench/echo). Proved besides: the door sees none of it, the flow is translated in conntrack, agent and door do nothing.
 *
 * `npm run -s bench -- path [--rounds 20]`; needs gcc.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import type { Route } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { doorServer } from "@playspawn/node-agent/door/door-server.ts";
import { silentLog } from "@playspawn/node-agent/door/log.ts";
import { forwarding } from "@playspawn/node-agent/net/forwarding.ts";
import { pastDoor } from "@playspawn/node-agent/net/past-door.ts";
import { docker, testLabels } from "@playspawn/e2e/stack/docker.ts";
import { echoImage, echoPort, echoProgram, outside, shortId, type Undo } from "./echo/echo.ts";
import { count } from "./options.ts";
import { percentile, print } from "./report.ts";

const { rounds } = new Command("bench path")
  .option("--rounds <count>", "of all five", count, 20)
  .parse()
  .opts<{ rounds: number }>();

const run = promisify(execFile);
const { clock, timers } = systemPorts;
const ports = { docker: 21_901, "docker-proxy": 21_902, relay: 21_903, kernel: 21_904 } as const;
const cases = ["routed", "docker", "docker-proxy", "relay", "kernel"] as const;
type Case = (typeof cases)[number];
const metrics = {
  rtt_p50_us: { unit: "us", load: ["rtt", "2000"] },
  echoes_per_s: { unit: "1/s", load: ["flood", "250"] },
  throughput_gbit: { unit: "Gbit/s", load: ["bulk", "250"] },
} as const;
type Metric = keyof typeof metrics;

const id = shortId();
const names = { bridge: `pb${id}b`, network: `playspawn-bench-${id}` };
const ticksPerSecond = 100;
const server = "srv_bench";
const doorMain = join(import.meta.dirname, "../node-agent/src/door/main.ts");
const readyLimitMs = 30_000;
/** The door says its figures once a second. */
const toldMs = 1_500;
const undo: Undo = [];
// Docker binds the address that it publishes on, so it is there first.
let at: Awaited<ReturnType<typeof outside>>;

try {
  await measure();
} finally {
  for (let work = undo.pop(); work; work = undo.pop()) await Promise.resolve(work()).catch(() => undefined);
}

async function measure(): Promise<void> {
  at = await outside(undo, 1);
  const folder = await mkdtemp(join(tmpdir(), "playspawn-bench-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const echo = await echoProgram(undo);
  const game = await container(echo);
  await openRouted();
  proxy(game);
  const relay = await ours(join(folder, "relay"), "relay", game);
  const kernel = await ours(join(folder, "kernel"), "auto", game);
  const found = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    // Each begins once in five rounds.
    for (const each of cases.map((_, n) => cases[(n + round) % cases.length]!)) await turn(echo, game, each, found);
  }
  for (const each of cases) report(each, found);
  await prove(echo, kernel);
  await relay.end();
  await kernel.end();
}

function hostOf(each: Case, game: string): [string, number] {
  return each === "routed" ? [game, echoPort] : [at.host, ports[each]];
}

async function turn(echo: string, game: string, each: Case, found: Map<string, number[]>): Promise<void> {
  const [host, port] = hostOf(each, game);
  for (const [metric, { load }] of Object.entries(metrics)) {
    const value = await loaded(echo, load, host, port);
    found.set(`${each} ${metric}`, [...(found.get(`${each} ${metric}`) ?? []), value]);
  }
}

async function loaded(echo: string, [kind, much]: readonly [string, string], host: string, port: number) {
  const { stdout } = await run("ip", ["netns", "exec", at.namespace, echo, kind, host, String(port), much]);
  return Number(stdout);
}

function report(each: Case, found: Map<string, number[]>): void {
  for (const [metric, { unit }] of Object.entries(metrics) as [Metric, (typeof metrics)[Metric]][]) {
    const middle = (of: Case): number => percentile(found.get(`${of} ${metric}`)!, 50);
    const [own, routed] = [middle(each), middle("routed")];
    print({
      bench: "path",
      case: each,
      metric,
      unit,
      ours: own,
      baseline: routed,
      baselineName: "routed",
      runs: rounds,
    });
  }
}

/** The container that all five reach, on a bridge of its own, published once by Docker. Answers its address. */
async function container(program: string): Promise<string> {
  const image = await echoImage(undo, program);
  const network = await docker.createNetwork({
    Name: names.network,
    Labels: testLabels,
    IPAM: { Driver: "default", Config: [{ Subnet: "10.9.25.0/24", Gateway: "10.9.25.1" }] },
    Options: { "com.docker.network.bridge.name": names.bridge },
  });
  undo.push(() => network.remove());
  const published = [{ HostIp: at.host, HostPort: String(ports.docker) }];
  const made = await docker.createContainer({
    Image: image,
    Labels: testLabels,
    ExposedPorts: { [`${echoPort}/udp`]: {}, [`${echoPort}/tcp`]: {} },
    HostConfig: {
      NetworkMode: names.network,
      PortBindings: { [`${echoPort}/udp`]: published, [`${echoPort}/tcp`]: published },
    },
  });
  undo.push(() => made.remove({ force: true }));
  await made.start();
  const { NetworkSettings } = await made.inspect();
  return NetworkSettings.Networks[names.network]!.IPAddress;
}

/** Docker lets nobody reach a container's own address from outside. */
async function openRouted(): Promise<void> {
  const rule = ["DOCKER-USER", "-i", at.cable, "-o", names.bridge, "-j", "ACCEPT"];
  await run("iptables", ["-w", "5", "-I", ...rule]);
  undo.push(() => run("iptables", ["-w", "5", "-D", ...rule]));
}

/** As Docker runs it where its own rules do not apply: one for each protocol. */
function proxy(game: string): void {
  for (const protocol of ["udp", "tcp"]) {
    const words = ["-proto", protocol, "-host-ip", at.host, "-host-port", String(ports["docker-proxy"])];
    // It says that it is ready on descriptor 3.
    const child = spawn("docker-proxy", [...words, "-container-ip", game, "-container-port", String(echoPort)], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    undo.push(() => child.kill());
  }
}

interface Ours {
  door: ChildProcess;
  past: ReturnType<typeof pastDoor>;
  /** Datagrams and pieces that the door's process has seen. */
  seen(): number;
  end(): Promise<void>;
}

/** Our door's process, and in this one the agent's end of it, with one awake server. */
async function ours(dataDir: string, mode: "relay" | "auto", game: string): Promise<Ours> {
  const table = `playspawn_bench_${id}_${mode}`;
  undo.push(() => run("/usr/sbin/nft", ["delete", "table", "inet", table]));
  if (mode === "auto") undo.push(() => forwarding(names.bridge).remove());
  await run("mkdir", ["-p", join(dataDir, "agent")]);
  const end = await doorServer({ socketPath: join(dataDir, "agent", "door.sock"), ports: systemPorts, log: silentLog });
  const onFault = (error: Error): void => void process.stderr.write(`${error.message}\n`);
  const past = pastDoor(end, { ports: systemPorts, bridge: names.bridge, table, mode, onFault });
  const door = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", doorMain], {
    env: { PLAYSPAWN_DATA_DIR: dataDir },
    stdio: "ignore",
  });
  undo.push(() => door.kill("SIGKILL"));
  const port = mode === "relay" ? ports.relay : ports.kernel;
  const routes: Route[] = (["udp", "tcp"] as const).map((protocol) => ({
    server,
    port: { name: protocol, protocol, public: port },
    mode: "awake",
    target: { host: game, port: echoPort },
    asleep: null,
    notice: null,
  }));
  past.setRoutes(server, routes);
  await past.settled(readyLimitMs);
  while (mode === "auto" && !past.path().works) await timers.sleep(100);
  return { door, past, seen: () => end.traffic(server)!.packetsIn, end: () => past.close() };
}

/** Under a flood of some seconds: what the door saw, what conntrack says, and what our two programs took of a core. */
async function prove(echo: string, { door, seen }: Ours): Promise<void> {
  const used = async (): Promise<number> => (await cpuMsOf(door.pid!)) + (await cpuMsOf(process.pid));
  const line = (metric: string, unit: string, value: number): void =>
    print({ bench: "path", case: "kernel", metric, unit, ours: value, baseline: null, baselineName: "none", runs: 1 });
  await timers.sleep(toldMs);
  const before = { seen: seen(), cpu: await used(), at: clock.mono() };
  await loaded(echo, ["flood", "8000"], at.host, ports.kernel);
  const ms = clock.mono() - before.at;
  line("own_cpu", "% of a core", ((await used()) - before.cpu) / ms / 0.01);
  const { stdout } = await run("conntrack", ["-L", "-p", "udp", "--orig-port-dst", String(ports.kernel)]);
  line("translated_flows", "flows", stdout.split("\n").filter((one) => one.includes(`sport=${echoPort}`)).length);
  await timers.sleep(toldMs);
  line("packets_at_door", "packets", seen() - before.seen);
}

async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}
