/**
 * What a sleeper costs the programs of a node: memory of agent and door with 100 and with 1,000 servers that sleep cold, the
 * difference of what is theirs alone by the number of servers; and what they take with none. Against a Node program in a container for each, which
 * waits at the server's port.
 *
 * Nothing is deployed: a node that joins nobody is given what an agent finds after it was started again, its state file and
 * the servers' folders. It takes them up as its own, and the door binds each one's port. Half are of TCP with the words
 * of Minecraft, half of UDP. Memory is PSS once everything is quiet; CPU is that of the time after.
 *
 * `npm run -s bench -- sleepers [--few 100] [--many 1000] [--seconds 30] [--proxies 10]`
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DesiredServer, newId, type ServerSpec } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { docker, testLabels } from "@playspawn/e2e/stack/docker.ts";
import { run } from "@playspawn/e2e/stack/processes.ts";
import { freePort, nodeSecret } from "@playspawn/e2e/stack/stack.ts";
import { Command } from "commander";
import { count } from "./options.ts";
import { cpuSeconds, memoryOf, parentOf } from "./processes.ts";
import { print } from "./report.ts";

const options = new Command("bench sleepers")
  .option("--few <count>", "sleepers", count, 100)
  .option("--many <count>", "sleepers", count, 1000)
  .option("--seconds <count>", "of each measurement of CPU", count, 30)
  .option("--proxies <count>", "containers of the baseline", count, 10)
  .parse()
  .opts<{ few: number; many: number; seconds: number; proxies: number }>();

const { clock, timers } = systemPorts;
const promise = { bytesEach: 20_000, megabytes: 130, cpuPercent: 0.5 };
/** For ports to be bound, and for what a start left to be done. */
const settleMs = 25_000;
const firstPort = 22_000;
const compiled = { NODE_COMPILE_CACHE: fileURLToPath(new URL("../.cache/compiled", import.meta.url)) };
const proxyImage = "node:24-bookworm-slim";

interface Figures {
  agent: number;
  door: number;
  /** Of both, what is theirs alone: what they read of files is shared with whatever else runs Node here. */
  own: number;
  cpuPercent: number;
}

// The first start ever compiles everything; `start` keeps that for all later ones.
await node(0, 0);
const none = await node(0, options.seconds);
const few = await node(options.few, options.seconds);
const many = await node(options.many, options.seconds);
report(await proxies());

function specOf(n: number): ServerSpec {
  const isTcp = n % 2 === 0;
  const public_ = firstPort + n;
  return {
    game: isTcp ? "minecraft" : "teeworlds",
    image: { ref: `example/${isTcp ? "minecraft" : "teeworlds"}:1` },
    env: { NAME: `sleeper ${n}`, MAX_PLAYERS: "16", PASSWORD: "secret" },
    ports: [{ name: "game", protocol: isTcp ? "tcp" : "udp", container: isTcp ? 25_565 : 8_303, public: public_ }],
    volumes: { world: "/data" },
    user: "auto",
    profile: "strict",
    cpu: 1,
    memoryBytes: 512 * 1024 ** 2,
    readiness: { anyOf: [{ log: "Done" }], limitSeconds: 120 },
    save: { stdin: "save", until: "^saved$", limitSeconds: 10 },
    stop: { signal: "SIGTERM", limitSeconds: 30 },
    players: { query: isTcp ? "minecraft" : "teeworlds", port: "game" },
    ...(isTcp && { asleep: { answer: "minecraft", port: "game", motd: "This server sleeps. Join to wake it." } }),
  };
}

function recordOf(id: string, n: number): DesiredServer {
  return {
    id,
    gen: 1,
    want: "auto",
    kick: null,
    idleSeconds: 900,
    onDisconnect: "keep",
    grant: { id: "free", microCredits: null },
    purge: false,
    spec: specOf(n),
  };
}

/** What an agent finds that was here before. */
async function furnish(dataDir: string, sleepers: number): Promise<void> {
  const agentDir = join(dataDir, "agent");
  const installation = newId("inst", systemPorts);
  const records = Array.from({ length: sleepers }, (_, n) => recordOf(newId("srv", systemPorts), n));
  const memory = { have: "hibernated", tier: "cold", since: clock.now(), proven: true };
  await mkdir(join(agentDir, "servers"), { recursive: true });
  const driven = { nodeId: newId("node", systemPorts), installationId: installation, controller: null };
  await writeFile(join(agentDir, "driven.json"), JSON.stringify(driven), { mode: 0o600 });
  const memories = Object.fromEntries(records.map(({ id }) => [id, memory]));
  await writeFile(join(agentDir, "state.json"), JSON.stringify({ installation, rev: 1, snapshot: records, memories }));
  for (const [n, { id, spec }] of records.entries()) {
    await mkdir(join(agentDir, "servers", id));
    const meta = { generation: 1, clean: true, uid: 210_000 + n, ports: [spec.ports[0]!.public] };
    await writeFile(join(agentDir, "servers", id, "meta.json"), JSON.stringify(meta));
  }
}

/** @param seconds 0: only until it is up */
async function node(sleepers: number, seconds: number): Promise<Figures> {
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-sleepers-"));
  await furnish(dataDir, sleepers);
  const common = { ...compiled, PLAYSPAWN_DATA_DIR: dataDir };
  const port = String(await freePort());
  const env = { ...common, PLAYSPAWN_AGENT_PORT: port, PLAYSPAWN_NODE_SECRET: nodeSecret, PLAYSPAWN_SUBNET: "" };
  const agent = await run("agent", env, join(dataDir, "agent.log"));
  const door = await run("door", common, join(dataDir, "door.log"));
  try {
    if (seconds === 0) return { agent: 0, door: 0, own: 0, cpuPercent: 0 };
    await timers.sleep(settleMs);
    await requireAsleep(Number(port), sleepers);
    const pids = [agent.pid, door.pid];
    const from = { at: clock.mono(), cpu: await cpuSeconds(pids) };
    await timers.sleep(seconds * 1000);
    const cpu = (await cpuSeconds(pids)) - from.cpu;
    const [ofAgent, ofDoor] = await Promise.all(pids.map((pid) => memoryOf([pid], "Pss")));
    const own = await memoryOf(pids, "Pss_Anon");
    return { agent: ofAgent!, door: ofDoor!, own, cpuPercent: (cpu / (clock.mono() - from.at)) * 100_000 };
  } finally {
    await Promise.all([agent.stop("SIGTERM"), door.stop("SIGTERM")]);
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** @throws Error when the node does not say of each of them that it sleeps cold and is well */
async function requireAsleep(port: number, sleepers: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/servers`, { headers: { "x-node-secret": nodeSecret } });
  const { servers } = (await answer.json()) as {
    servers: { state: string; tier: string | null; detail: { error?: { message: string } } }[];
  };
  const ill = servers.find(({ state, tier, detail }) => state !== "hibernated" || tier !== "cold" || detail.error);
  if (ill) throw new Error(`a sleeper is not one: ${JSON.stringify(ill)}`);
  if (servers.length !== sleepers) throw new Error(`the node has ${servers.length} servers and not ${sleepers}`);
}

/** Bytes of one proxy: its process and what the engine needs for its container. */
async function proxies(): Promise<number> {
  const program =
    'require("net").createServer((s) => require("net").connect(1, "127.0.0.1").on("error", () => s.destroy())).listen(7000)';
  const made: string[] = [];
  try {
    for (let n = 0; n < options.proxies; n++) {
      const container = await docker.createContainer({
        Image: proxyImage,
        Cmd: ["node", "-e", program],
        Labels: testLabels,
        HostConfig: { LogConfig: { Type: "none", Config: {} } },
      });
      made.push(container.id);
      await container.start();
    }
    await timers.sleep(settleMs / 5);
    const states = await Promise.all(made.map((id) => docker.getContainer(id).inspect()));
    const games = states.map(({ State }) => State.Pid);
    const shims = await Promise.all(games.map((pid) => parentOf(pid)));
    return (await memoryOf([...games, ...shims], "Pss")) / made.length;
  } finally {
    for (const id of made) await docker.getContainer(id).remove({ force: true });
  }
}

function report(proxy: number): void {
  const total = ({ agent, door }: Figures): number => agent + door;
  const slope = (many.own - few.own) / (options.many - options.few);
  const line = (metric: string, unit: string, ours: number, baseline: number | null): void =>
    print({
      bench: "sleepers",
      case: `${options.few}-${options.many}`,
      metric,
      unit,
      ours,
      baseline,
      baselineName: "one Node proxy container each",
      runs: 1,
    });
  line("each", "kB", slope / 1000, proxy / 1000);
  line("base", "MB", total(none) / 1e6, null);
  line("cpu_base", "% of a core", none.cpuPercent, null);
  line("cpu_many", "% of a core", many.cpuPercent, null);
  line("all_of_many", "MB", total(many) / 1e6, (proxy * options.many) / 1e6);
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  for (const [name, { agent, door, own, cpuPercent }] of Object.entries({ none, few, many }))
    process.stderr.write(
      `# ${name}: agent ${megabytes(agent)}, door ${megabytes(door)}, ${megabytes(own)} theirs alone, ${cpuPercent.toFixed(2)} % of a core\n`,
    );
  const kept =
    slope <= promise.bytesEach &&
    total(none) <= promise.megabytes * 1e6 &&
    Math.max(none.cpuPercent, many.cpuPercent) <= promise.cpuPercent;
  process.stderr.write(
    `# promised: ${promise.bytesEach / 1000} kB each, ${promise.megabytes} MB with none, ${promise.cpuPercent} % of a core: ${kept ? "kept" : "MISSED"}\n`,
  );
  if (!kept) process.exitCode = 1;
}
