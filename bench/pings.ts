/**
 * What a flood of list pings costs: 10,000 a second from 1,000 sources, to a sleeping Teeworlds server, whose door answers, and the
 * same to the game itself while it is awake, at its container. Turn by turn in the same run. CPU is that of the answering
 * process, of one core; what the pings' sender needs is not in it.
 *
 * `npm run -s bench -- pings [--seconds 5] [--rounds 3]`
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { docker, gameOf, installationOf } from "@playspawn/e2e/stack/docker.ts";
import { openStack } from "@playspawn/e2e/stack/stack.ts";
import { tokenRequest } from "@playspawn/node-agent/lib/packets/teeworlds.ts";
import { count } from "./options.ts";
import { percentile, print } from "./report.ts";

const { seconds, rounds } = new Command("bench pings")
  .option("--seconds <count>", "of each measurement", count, 5)
  .option("--rounds <count>", "of each side", count, 3)
  .parse()
  .opts<{ seconds: number; rounds: number }>();
const sources = 1000;
const pingsPerSecond = 10_000;
const paceMs = 5;
/** The kernel counts CPU time in hundredths of a second. */
const ticksPerSecond = 100;
const gamePort = 8303;
const packet = tokenRequest(Buffer.from([0x11, 0x22, 0x33, 0x44]));

interface Round {
  sent: number;
  answered: number;
  bytes: number;
  cpuPercent: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** @param address where the sources are: 127.1.x.y for what runs on this machine, all of it for a container */
async function openSources(address: (n: number) => string): Promise<Socket[]> {
  const sockets = Array.from({ length: sources }, () => createSocket("udp4"));
  await Promise.all(sockets.map((socket, n) => once(socket.bind({ address: address(n) }), "listening")));
  return sockets;
}

async function flood(sockets: Socket[], at: { host: string; port: number }, pid: number): Promise<Round> {
  const round = { sent: 0, answered: 0, bytes: 0, cpuPercent: 0 };
  const heard = (answer: Buffer): void => {
    round.answered++;
    round.bytes += answer.length;
  };
  for (const socket of sockets) socket.on("message", heard);
  const cpu = await cpuSeconds(pid);
  const from = performance.now();
  for (let elapsed = 0; elapsed < seconds * 1000; elapsed = performance.now() - from) {
    const due = Math.floor((elapsed / 1000) * pingsPerSecond);
    for (; round.sent < due; round.sent++) sockets[round.sent % sources]!.send(packet, at.port, at.host);
    await sleep(paceMs);
  }
  round.cpuPercent = (((await cpuSeconds(pid)) - cpu) / (performance.now() - from)) * 100_000;
  // For what is still on its way.
  await sleep(200);
  for (const socket of sockets) socket.off("message", heard);
  return round;
}

const stack = await openStack();
const mine = await openSources((n) => `127.1.${n >> 7}.${(n & 127) + 1}`);
const plain = await openSources(() => "0.0.0.0");
try {
  const { id, addresses } = await stack.api.create({ name: "bench pings", game: "teeworlds", idleSeconds: null });
  const [ours, theirs] = [[] as Round[], [] as Round[]];
  const wakes = async (): Promise<number> => (await stack.api.events(id)).filter(({ kind }) => kind === "wake").length;
  let woken = 0;
  for (let round = 0; round < rounds; round++) {
    await stack.inState(id, "ready", { limitMs: 600_000 });
    const game = (await gameOf(await installationOf(stack.dataDir), id))!;
    theirs.push(await flood(plain, await gameAt(game), await gamePid(game.Id)));
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "held" });
    await stack.inState(id, "hibernated");
    const before = await wakes();
    ours.push(await flood(mine, { host: "127.0.0.1", port: addresses[0]!.port }, stack.parts.door.pid));
    woken += (await wakes()) - before;
    if (round + 1 < rounds) await stack.api.call("POST", `/api/v1/servers/${id}/wake`);
  }
  report(ours, theirs, woken);
} finally {
  for (const socket of [...mine, ...plain]) socket.close();
  await stack.close();
}

async function gameAt(game: {
  HostConfig: { NetworkMode?: string | undefined };
}): Promise<{ host: string; port: number }> {
  const holder = docker.getContainer(game.HostConfig.NetworkMode!.replace("container:", ""));
  const [network] = Object.values((await holder.inspect()).NetworkSettings.Networks);
  return { host: network!.IPAddress, port: gamePort };
}

/** The game itself, not the init before it. */
async function gamePid(id: string): Promise<number> {
  const { Processes: processes } = (await docker.getContainer(id).top({ ps_args: "-o pid,comm" })) as {
    Processes: [string, string][];
  };
  return Number(processes.find(([, name]) => name.startsWith("teeworlds"))![0]);
}

function report(ours: readonly Round[], theirs: readonly Round[], woken: number): void {
  const half = (list: readonly Round[], of: (round: Round) => number): number => percentile(list.map(of), 50);
  const rate = ({ answered }: Round): number => answered / seconds;
  const size = ({ bytes, sent }: Round): number => bytes / (sent * packet.length);
  const line = (metric: string, unit: string, of: (round: Round) => number): void =>
    print({
      bench: "pings",
      case: "teeworlds",
      metric,
      unit,
      ours: half(ours, of),
      baseline: half(theirs, of),
      baselineName: "the game, awake",
      runs: rounds,
    });
  line("cpu_p50", "% of a core", ({ cpuPercent }) => cpuPercent);
  line("answers_per_s_p50", "1/s", rate);
  line("answered_bytes_p50", "% of asked", (round) => 100 * size(round));
  print({
    bench: "pings",
    case: "teeworlds",
    metric: "wakes",
    unit: "",
    ours: woken,
    baseline: null,
    baselineName: "",
    runs: rounds,
  });
}
