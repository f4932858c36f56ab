/** Our three processes as children of a test: started until ready, killed hard, started again. */
import { type ChildProcess, fork } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeEnvironment, nodeFlags } from "@playspawn/shared";

/** This checkout. */
export const repository = fileURLToPath(new URL("../../../", import.meta.url));
export const mains = {
  control: "control-plane/src/main.ts",
  agent: "node-agent/src/main.ts",
  door: "node-agent/src/door/main.ts",
} as const;
export type Part = keyof typeof mains;

const readyLimitMs = 60_000;
const stopLimitMs = 10_000;

export interface Running {
  readonly pid: number;
  /** What the process said when it was ready. */
  readonly ready: Record<string, unknown>;
  /** How it ended: `{code, signal}`. */
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Resolves when the process says it is ready; rejects with the end of its log when it ends before. */
export async function run(
  part: Part,
  env: Record<string, string>,
  logFile: string,
  checkout = repository,
): Promise<Running> {
  const { child, exited } = spawnPart(part, env, logFile, checkout);
  const ready = await Promise.race([
    firstReady(child),
    exited.then(async ({ code, signal }) => {
      throw new Error(`${part} ended with ${signal ?? code} before it was ready:\n${await tail(logFile)}`);
    }),
    limit(`${part} was not ready within ${readyLimitMs} ms`, logFile),
  ]);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), stopLimitMs);
    await exited;
    clearTimeout(timer);
  };
  return { pid: child.pid!, ready, exited, stop };
}

export function spawnPart(part: Part, env: Record<string, string>, logFile: string, checkout = repository) {
  const child = fork(join(checkout, mains[part]), {
    execArgv: [...nodeFlags],
    env: { ...inherited(), ...nodeEnvironment, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const log = createWriteStream(logFile, { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once("close", (code, signal) => {
      log.end();
      resolve({ code, signal });
    }),
  );
  return { child, exited };
}

/** The machine's own environment without settings of a Playspawn that may run beside the tests. */
function inherited(): Record<string, string> {
  const ours = /^(PLAYSPAWN_|DATABASE_URL$|REDIS_URL$|NODE_URL$|NODE_SECRET)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name))) as Record<string, string>;
}

const firstReady = (child: ChildProcess): Promise<Record<string, unknown>> =>
  new Promise((resolve) =>
    child.on("message", (message: Record<string, unknown>) => message["t"] === "ready" && resolve(message)),
  );

async function limit(what: string, logFile: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, readyLimitMs).unref());
  throw new Error(`${what}:\n${await tail(logFile)}`);
}

export const tail = async (file: string): Promise<string> =>
  (await readFile(file, "utf8")).split("\n").slice(-30).join("\n");
