/** A driven node on a fake machine behind the real HTTP API. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { failpoint } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { failpointNames } from "../../failpoints.ts";
import { drivenIdentity } from "../../link/driven.ts";
import type { CallHandlers } from "../../link/calls.ts";
import type { SessionDeps } from "../../link/session.ts";
import type { FakeRuntime } from "../../runtime/fake.ts";
import { keptContexts } from "../../runtime/kept-contexts.ts";
import { openEventLog } from "../../servers/event-log.ts";
import { consoleOf } from "../../servers/logs.ts";
import { portsTaken } from "../../servers/ports-taken.ts";
import { Registry } from "../../servers/registry.ts";
import { machine, type Machine } from "../../servers/testing/fakes.ts";
import { examine } from "../../examine/examine.ts";
import { serial } from "../../lib/serial.ts";
import { stats } from "../../stats/stats.ts";
import { agentHttp } from "../http.ts";
import { local } from "../local.ts";
import { sessions, type Sessions } from "../sessions.ts";

export const secret = "a-secret-of-a-node-that-nobody-guesses";
const log = pino({ level: "silent" });

export interface Node {
  url: string;
  folder: string;
  registry: Registry;
  sessions: Sessions;
  here: Machine;
  runtime: FakeRuntime;
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer<T>>;
  /** Ends the agent; its machine and its files stay. */
  stop(): Promise<void>;
}

export interface Answer<T> {
  status: number;
  body: T;
  headers: Headers;
}

export interface NodeOptions {
  /** As for a node that has joined a control plane. */
  joined?: boolean;
  /** What a former agent left. */
  left?: Pick<Node, "folder" | "here">;
}

export async function startNode(t: ExecutionContext, { joined = false, left }: NodeOptions = {}): Promise<Node> {
  const folder = left?.folder ?? (await mkdtemp(join(tmpdir(), "playspawn-http-")));
  const here = left?.here ?? machine();
  const agent = here.agent();
  const { world } = agent;
  const claim = await drivenIdentity(join(folder, "driven.json"), systemPorts);
  const events = await openEventLog(join(folder, "log.jsonl"), systemPorts, log);
  const tell: typeof world.tell = (event) => events.append(event);
  const registry = new Registry({ ...world, tell }, here.stateFile, claim.installationId);
  await registry.open();
  const handlers: CallHandlers = {
    checkPorts: async (ports) => ({ taken: await portsTaken(world, ports) }),
    logs: ({ server, tail, follow }, signal) =>
      consoleOf(world, registry.get(server)!, { server, tail, follow }, signal),
    stats: stats({ ...world, registry }).of,
    examine: (server, signal) => examine({ ...world, registry }, server, signal),
    imageDigest: async (ref) => ({ digest: await world.runtime.registryDigest(ref) }),
  };
  const talk = talkOf({
    registry,
    events,
    handlers,
    run: world.run,
  });
  const inTurn = serial();
  const drivers = sessions(talk, claim, inTurn);
  const own = local({
    ports: systemPorts,
    registry,
    runtime: world.runtime,
    files: world.files,
    handlers,
    policy: { portRange, memoryBytesMax: null },
    controller: () => claim.controller,
    inTurn,
  });
  own.resume();
  const http = await agentHttp({ port: 0, tls: null, ports: systemPorts, log, troubles: () => [] });
  const contexts = keptContexts(join(folder, "contexts"), systemPorts);
  http.serve({
    secrets: [secret],
    registry,
    handlers,
    abilities: () => Promise.resolve({ path: "relay" }),
    backup: world.backup,
    driven: joined ? null : { local: own, sessions: drivers, contexts },
  });
  // The machine's own clock goes on with the real one.
  let stopped = false;
  let advancing = Promise.resolve();
  const stopClock = systemPorts.timers.every(5, () => void (advancing = advancing.then(() => here.ports.advance(5))));
  const url = `http://127.0.0.1:${http.port}`;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    stopClock();
    drivers.end();
    await http.close();
    agent.kill();
    await registry.close();
    await events.close();
  };
  t.teardown(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });
  return { url, folder, registry, sessions: drivers, here, runtime: agent.runtime, call: caller(url), stop };
}

type Parts = Pick<SessionDeps, "registry" | "events" | "handlers"> & { run: string };

const talkOf = ({ run, ...parts }: Parts): SessionDeps => ({
  ...parts,
  ports: systemPorts,
  log,
  fail: failpoint(failpointNames, undefined, () => undefined),
  introduction: () =>
    Promise.resolve({
      machine: "engine/machine",
      boot: "boot",
      run: run,
      capacity: { memoryBytes: 1, cpus: 1, diskFreeBytes: 1, ports: portRange, address: "127.0.0.1" },
    }),
  capabilities: () => Promise.resolve({ cgroup: "v1", stats: true }),
  load: () => Promise.resolve({ load: 0.5, memoryFreeBytes: 1, diskFreeBytes: 1 }),
  onWelcome: () => undefined,
});

export const portRange = { from: 20_000, to: 20_010 };

const caller =
  (url: string) =>
  async <T>(method: string, path: string, body?: unknown): Promise<Answer<T>> => {
    const json = typeof body === "string" ? {} : { "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { "x-node-secret": secret, ...(body === undefined ? {} : json) },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = /^application\/(problem\+)?json/.test(answer.headers.get("content-type") ?? "");
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as T };
  };
