/** A whole Playspawn for one test: control plane, agent and door on ports and in folders of their own, on the real engine. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLimit } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import { type Api, type Node, type Server, connect } from "./api.ts";
import { databaseFor } from "./database.ts";
import { sweep } from "./docker.ts";
import { type Live, live } from "./live.ts";
import { nextRange } from "./port-ranges.ts";
import { type Part, type Running, run } from "./processes.ts";

export const admin = { email: "admin@example.test", password: "correct horse battery staple" };

export interface Stack {
  readonly url: string;
  /** The agent's own HTTP API. */
  readonly agentUrl: string;
  readonly dataDir: string;
  readonly api: Api;
  readonly live: Live;
  readonly parts: Record<Part, Running>;
  /** Resolves with the server once it is in that state (and tier). */
  inState(id: string, have: string, options?: { tier?: string; limitMs?: number }): Promise<Server>;
  /** Resolves once the node's session is up. */
  connected(): Promise<Node>;
  logFile(part: Part): string;
  /** Ends one process (default `SIGKILL`) and leaves it down. */
  kill(part: Part, signal?: NodeJS.Signals): Promise<void>;
  /** Resolves once the process was ended by SIGKILL, its own at a failpoint. @throws Error when it ends in good order or not at all */
  died(part: Part): Promise<void>;
  /** Starts it again, with more environment where wanted; from this checkout, or from another. */
  start(part: Part, env?: Record<string, string>, checkout?: string): Promise<void>;
  env(part: Part): Record<string, string>;
  /** Ends everything and removes every container and network of this installation. */
  close(): Promise<void>;
}

export interface StackOptions {
  env?: Partial<Record<Part, Record<string, string>>>;
  /** Number of public ports to lease from. */
  ports?: number;
  /** The node joins nobody; the control plane dials it over its HTTP API. */
  driven?: boolean;
  /** Folder of another checkout whose programs are started; default this one. */
  checkout?: string | undefined;
  /** A data folder that is there, such as a restored one; default a new one. */
  dataDir?: string;
  /** Default true: wait until the control plane has its node. */
  joins?: boolean;
}

const deathLimitMs = 60_000;

export const nodeSecret = "the-secret-of-a-node-that-is-driven";

export async function startStack(t: ExecutionContext, options: StackOptions = {}): Promise<Stack> {
  const stack = await openStack(options);
  t.teardown(stack.close);
  return stack;
}

/** What a failed start had made is gone again when this rejects. */
export async function openStack(options: StackOptions = {}): Promise<Stack> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "playspawn-e2e-")));
  const [port, agentPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const database = await databaseFor(dataDir);
  const env = environments({ dataDir, url, port, agentPort, database: database.env }, options);
  const logFile = (part: Part): string => join(dataDir, `${part}.log`);
  const parts: Partial<Record<Part, Running>> = {};
  const start: Stack["start"] = async (part, more = {}, checkout) => {
    parts[part] = await run(part, { ...env(part), ...more }, logFile(part), checkout);
  };
  let events: Live | undefined;
  const close = async (): Promise<void> => {
    events?.close();
    await Promise.all(Object.values(parts).map((part) => part.stop("SIGTERM")));
    await sweep(dataDir);
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await start("control", {}, options.checkout);
    const others = await Promise.allSettled(
      (["agent", "door"] as const).map((part) => start(part, {}, options.checkout)),
    );
    for (const other of others) if (other.status === "rejected") throw other.reason;
    const api = await connect(url, admin);
    events = live(
      () => url,
      () => api.token,
    );
    const waits = waitsOf(api, events);
    if (options.joins ?? true) await waits.connected();
    return {
      ...waits,
      url,
      agentUrl: `http://127.0.0.1:${agentPort}`,
      dataDir,
      api,
      live: events,
      parts: parts as Record<Part, Running>,
      logFile,
      start,
      env,
      close,
      kill: (part, signal = "SIGKILL") => parts[part]!.stop(signal),
      died: (part) => diesHard(part, parts[part]!),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws Error when it ended in good order, or not within a minute */
async function diesHard(part: Part, { exited }: Running): Promise<void> {
  const { signal } = await withLimit(systemTimers, deathLimitMs, `the death of ${part}`, exited);
  if (signal !== "SIGKILL") throw new Error(`${part} ended in good order, and should have died`);
}

const waitsOf = (api: Api, events: Live): Pick<Stack, "connected" | "inState"> => ({
  connected: () =>
    events.until("the node is connected", 60_000, async () =>
      (await api.nodes()).find((node) => node.session === "connected"),
    ),
  inState: (id, have, { tier, limitMs = 60_000 } = {}) =>
    events.until(`${id} ${have} ${tier ?? ""}`, limitMs, async () => {
      const server = await api.server(id);
      return server.have === have && (tier === undefined || server.tier === tier) ? server : undefined;
    }),
});

interface Place {
  dataDir: string;
  url: string;
  port: number;
  agentPort: number;
  database: Record<string, string>;
}

function environments({ dataDir, url, port, agentPort, database }: Place, options: StackOptions): Stack["env"] {
  const common = { PLAYSPAWN_DATA_DIR: dataDir };
  const defaults: Record<Part, Record<string, string>> = {
    control: {
      ...common,
      ...database,
      PLAYSPAWN_PORT: String(port),
      PLAYSPAWN_WEB_PORT: "0",
      PLAYSPAWN_HOST: "127.0.0.1",
      PLAYSPAWN_PUBLIC_URL: url,
      PLAYSPAWN_ADMIN_EMAIL: admin.email,
      PLAYSPAWN_ADMIN_PASSWORD: admin.password,
      PLAYSPAWN_LOCAL_NODE: "1",
    },
    agent: {
      ...common,
      PLAYSPAWN_CONTROL_URL: url,
      PLAYSPAWN_AGENT_PORT: String(agentPort),
      PLAYSPAWN_PORT_RANGE: nextRange(options.ports ?? 100),
      PLAYSPAWN_NODE_ADDRESS: "127.0.0.1",
      PLAYSPAWN_NODE_NAME: "e2e",
      // Images of tests are made here and come from no registry.
      PLAYSPAWN_IMAGE_ALLOW: "*",
      // Tests of sleep do not wait for a minute.
      PLAYSPAWN_MIN_AWAKE_SECONDS: "1",
      PLAYSPAWN_JOIN_TOKEN_FILE: join(dataDir, "run/join-token"),
    },
    door: common,
  };
  const driven: Partial<Record<Part, Record<string, string>>> = {
    control: { NODE_URL: `http://127.0.0.1:${agentPort}`, NODE_SECRET: nodeSecret, PLAYSPAWN_LOCAL_NODE: "0" },
    agent: { PLAYSPAWN_CONTROL_URL: "", PLAYSPAWN_JOIN_TOKEN_FILE: "", PLAYSPAWN_NODE_SECRET: nodeSecret },
  };
  return (part) => ({ ...defaults[part], ...(options.driven && driven[part]), ...options.env?.[part] });
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
