/** One of our programs as a child process: its log in a file, its first message awaited. */
import { fork } from "node:child_process";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { copyFile, stat, truncate } from "node:fs/promises";
import { nodeEnvironment, nodeFlags } from "@playspawn/shared";
import { repository } from "../lib/paths.ts";
import type { Child, Ended, Ready } from "./supervise.ts";

export const programModules = {
  "control-plane": "control-plane/src/main.ts",
  "node-agent": "node-agent/src/main.ts",
  door: "node-agent/src/door/main.ts",
} as const;
export type ProgramName = keyof typeof programModules;

const wordsBytesMax = 16 * 1024;
const logBytesMax = 20 * 1024 * 1024;

export const logFile = (dataDir: string, name: ProgramName): string => `${dataDir}/logs/${name}.log`;

interface Said {
  t: "said";
  sentence: string;
}

export interface LaunchOptions {
  dataDir: string;
  environment: NodeJS.ProcessEnv;
  verbose: boolean;
  /** What the program has to tell whoever sits at the terminal. */
  say(sentence: string): void;
}

/**
 * The log is a file and no pipe, so that a program outlives a killed launcher. Its own process group keeps a Ctrl-C at
 * the terminal from reaching it: we stop the programs in order.
 */
export function launchProgram(name: ProgramName, { dataDir, environment, verbose, say }: LaunchOptions): Child {
  const file = logFile(dataDir, name);
  const log = openSync(file, "a", 0o600);
  const begin = statSync(file).size;
  const child = fork(`${repository}/${programModules[name]}`, [], {
    cwd: repository,
    // What was compiled is kept: types need not be stripped again, which costs time and the memory of its tool.
    env: { ...nodeEnvironment, NODE_COMPILE_CACHE: `${repository}/.cache/compiled`, ...environment },
    detached: true,
    execArgv: [...nodeFlags],
    stdio: ["ignore", verbose ? "inherit" : log, verbose ? "inherit" : log, "ipc"],
  });
  closeSync(log);
  const ended = new Promise<Ended>((resolve) => {
    child.once("error", (error) => resolve({ t: "ended", code: null, signal: null, words: error.message }));
    child.once("exit", (code, signal) => resolve({ t: "ended", code, signal, words: wordsSince(file, begin) }));
  });
  const ready = new Promise<Ready | Ended>((resolve) => {
    child.on("message", (message: Ready | Said) => {
      if (message.t === "ready") resolve(message);
      if (message.t === "said") say(message.sentence);
    });
    void ended.then(resolve);
  });
  return { pid: child.pid ?? 0, ready, ended, kill: (signal) => void child.kill(signal) };
}

/** What was written since `begin` that is no log record: our programs log JSON, and speak to people in sentences. */
function wordsSince(file: string, begin: number): string {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return "";
  const from = Math.max(begin, size - wordsBytesMax);
  const part = Buffer.alloc(Math.max(0, size - from));
  const handle = openSync(file, "r");
  readSync(handle, part, 0, part.length, from);
  closeSync(handle);
  const lines = part.toString("utf8").split("\n");
  // Cut off in the middle of a record.
  if (from > begin) lines.shift();
  return lines.filter((line) => line.trim() && !line.startsWith("{")).join("\n");
}

/** Keeps the newest 20 to 40 MiB of a log. The file is emptied in place, because its writer holds it open for appending. */
export async function trimLogs(dataDir: string): Promise<void> {
  for (const name of Object.keys(programModules) as ProgramName[]) {
    const file = logFile(dataDir, name);
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size < logBytesMax) continue;
    await copyFile(file, `${file}.1`);
    await truncate(file);
  }
}
