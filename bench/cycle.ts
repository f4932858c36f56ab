/**
 * Sleep and wake again and again under new flows, TCP and UDP in turns, 50 a second: how many are refused, reset, time out or
 * are lost. Ours is put to sleep by the API and woken by the flows; against it the same container published by Docker,
 * stopped and started by hand, whose ports refuse meanwhile. Players are addresses of a namespace behind a virtual cable.
 *
 * `npm run -s bench -- cycle [--cycles 40]`; needs gcc.
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import { Command } from "commander";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { docker, testLabels } from "@playspawn/e2e/stack/docker.ts";
import { freePort, openStack, type Stack } from "@playspawn/e2e/stack/stack.ts";
import { gamesWithTiny } from "@playspawn/e2e/stack/tiny.ts";
import type { Ends, Load } from "./cycle-load.ts";
import { echoImage, echoPort, outside } from "./echo/echo.ts";
import { count } from "./options.ts";
import { print } from "./report.ts";

const { cycles } = new Command("bench cycle")
  .option("--cycles <count>", "of sleep and wake", count, 40)
  .parse()
  .opts<{ cycles: number }>();

const pace = { everyMs: 20, limitMs: 10_000 };
/** Between a wake and the next sleep, and between a stop and the start that follows. */
const awakeMs = 500;
const { timers } = systemPorts;

const yamlOf = (image: string): string => `id: echo
name: Echo
description: Answers what it is sent.
image: { ref: "${image}" }
ports:
  game: { protocol: tcp, container: ${echoPort}, public: auto }
  data: { protocol: udp, container: ${echoPort}, public: auto }
volumes: { data: /data }
cpu: 0.5
memory: 32M
readiness: { anyOf: [{ tcp: game }], limitSeconds: 20 }
stop: { signal: SIGTERM, limitSeconds: 1 }
`;

interface Outcome {
  flows: number;
  ends: Ends;
  slowestMs: number;
}

const undo: (() => unknown)[] = [];
try {
  const image = await echoImage(undo);
  const at = await outside(undo, 200);
  report(await ours(image, at), await published(image, at));
} finally {
  for (let work = undo.pop(); work; work = undo.pop()) await Promise.resolve(work()).catch(() => undefined);
}

type Outside = Awaited<ReturnType<typeof outside>>;

async function ours(image: string, at: Outside): Promise<Outcome> {
  const games = await gamesWithTiny({ echo: yamlOf(image) });
  undo.push(games.remove);
  const stack = await openStack({
    env: { control: { PLAYSPAWN_GAMES_DIR: games.dir }, agent: { PLAYSPAWN_NODE_ADDRESS: at.host } },
  });
  undo.push(stack.close);
  const { id, addresses } = await stack.api.create({ name: "cycle", game: "echo", idleSeconds: null });
  await stack.inState(id, "ready", { limitMs: 120_000 });
  const portOf = (name: string): number => addresses.find((one) => one.name === name)!.port;
  return await underLoad(at, { tcp: portOf("game"), udp: portOf("data") }, () => cycle(stack, id));
}

async function cycle(stack: Stack, id: string): Promise<void> {
  const newest = async (): Promise<number> => (await stack.api.events(id))[0]!.seq;
  const before = await newest();
  await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "held" });
  await stack.live.until("it slept and woke", 60_000, async () => {
    const since = (await stack.api.events(id)).filter(({ seq }) => seq > before).map(({ kind }) => kind);
    return (since.includes("sleep") && since.indexOf("ready") === 0) || since.includes("ready") ? true : undefined;
  });
  await timers.sleep(awakeMs);
}

async function published(image: string, at: Outside): Promise<Outcome> {
  const port = await freePort();
  const bindings = [{ HostIp: at.host, HostPort: String(port) }];
  const container = await docker.createContainer({
    Image: image,
    Labels: testLabels,
    ExposedPorts: { [`${echoPort}/tcp`]: {}, [`${echoPort}/udp`]: {} },
    HostConfig: { PortBindings: { [`${echoPort}/tcp`]: bindings, [`${echoPort}/udp`]: bindings } },
  });
  undo.push(() => container.remove({ force: true }));
  await container.start();
  return await underLoad(at, { tcp: port, udp: port }, async () => {
    await container.kill();
    await container.wait();
    await container.start();
    await timers.sleep(awakeMs);
  });
}

async function underLoad(at: Outside, ports: Pick<Load, "tcp" | "udp">, work: () => Promise<void>): Promise<Outcome> {
  const child = fork(join(import.meta.dirname, "cycle-load.ts"), {
    execPath: "ip",
    execArgv: ["netns", "exec", at.namespace, process.execPath, "--disable-warning=ExperimentalWarning"],
  });
  undo.push(() => child.kill("SIGKILL"));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("message", (told) => resolve(told as Outcome));
    child.once("exit", () => reject(new Error("the load ended early")));
  });
  child.send({ ...pace, ...ports, host: at.host, sources: at.sources } satisfies Load);
  await timers.sleep(awakeMs);
  for (let n = 0; n < cycles; n++) await work();
  child.send("stop");
  return await outcome;
}

function report(own: Outcome, baseline: Outcome): void {
  const line = (metric: string, unit: string, of: (outcome: Outcome) => number): void =>
    print({
      bench: "cycle",
      case: "held",
      metric,
      unit,
      ours: of(own),
      baseline: of(baseline),
      baselineName: "stopped and started, published by Docker",
      runs: cycles,
    });
  line("flows", "flows", ({ flows }) => flows);
  line("failed", "flows", ({ flows, ends }) => flows - (ends["answered"] ?? 0));
  line("slowest_answer", "ms", ({ slowestMs }) => slowestMs);
  for (const [name, outcome] of Object.entries({ ours: own, baseline }))
    process.stderr.write(`${name}: ${JSON.stringify(outcome.ends)}\n`);
}
