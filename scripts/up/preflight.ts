/** What would make a start fail later, looked at first: each a sentence that says what to do. */
import { createServer } from "node:net";
import { access, chmod, constants, mkdir, readlink, statfs } from "node:fs/promises";
import { basename } from "node:path";
import { messageOf } from "@playspawn/shared";
import type { StartConfig } from "../config.ts";
import { run } from "../lib/run.ts";
import { Halt } from "./halt.ts";

/** Databases, logs and a first game image need this much. */
export const freeBytesMin = 256 * 1024 * 1024;

/** The data folder is there, ours alone, writable, and on a disk with room. @throws Halt */
export async function ensureDataFolder(dataDir: string): Promise<void> {
  try {
    for (const folder of [dataDir, `${dataDir}/run`, `${dataDir}/logs`])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK);
    // One that was there before may be open to all.
    await chmod(dataDir, 0o700);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw diskFull(dataDir, 0);
    throw new Halt(
      73,
      `The data folder ${dataDir} cannot be used: ${messageOf(cause)}. Mend that, or set PLAYSPAWN_DATA_DIR to another folder.`,
      { cause },
    );
  }
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < freeBytesMin) throw diskFull(dataDir, bavail * bsize);
}

const mebibytes = (bytes: number): number => Math.floor(bytes / 1024 ** 2);

function diskFull(dataDir: string, freeBytes: number): Halt {
  const figures = `${mebibytes(freeBytes)} MB free, and at least ${mebibytes(freeBytesMin)} MB are needed`;
  return new Halt(
    73,
    `The disk that holds the data folder ${dataDir} is full: ${figures}. Free some space, or set PLAYSPAWN_DATA_DIR to a folder on another disk.`,
  );
}

interface Wanted {
  variable: string;
  host: string;
  port: number;
}

/** Each TCP port that the programs will listen on can be bound. @throws Halt that names the port, its holder and its variable */
export async function ensurePorts({ host, port, webPort, agentPort }: StartConfig): Promise<void> {
  const wanted: Wanted[] = [
    { variable: "PLAYSPAWN_PORT", host, port },
    { variable: "PLAYSPAWN_WEB_PORT", host, port: webPort },
    { variable: "PLAYSPAWN_AGENT_PORT", host: "0.0.0.0", port: agentPort },
  ].filter((one) => one.port !== 0 && !(one.variable === "PLAYSPAWN_WEB_PORT" && webPort === port));
  for (const one of wanted) {
    const fault = await bindFault(one);
    if (fault) throw new Halt(73, await portSentence(one, fault));
  }
  const twice = wanted.find((one, at) => wanted.findIndex(({ port: other }) => other === one.port) !== at);
  if (twice)
    throw new Halt(
      78,
      `${twice.variable} is ${twice.port}, which another of our own ports has already. Give each its own.`,
    );
}

function bindFault({ host, port }: Wanted): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

async function portSentence({ variable, host, port }: Wanted, fault: NodeJS.ErrnoException): Promise<string> {
  const off = variable === "PLAYSPAWN_WEB_PORT" ? ", or 0 to do without" : "";
  const way = `set ${variable} to another port${off}`;
  if (fault.code !== "EADDRINUSE") return `Port ${port} on ${host} cannot be listened on (${fault.message}); ${way}.`;
  return `Port ${port} is taken by ${await holderOf(port)}. Stop that, or ${way}.`;
}

async function holderOf(port: number): Promise<string> {
  const { stdout } = await run("ss", ["-Hltnp", "sport", "=", `:${port}`]);
  const [, name = "a program", pid] = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout) ?? [];
  if (!pid) return "another program";
  // A program may have renamed its main thread, as Node does; its file says more.
  const file = await readlink(`/proc/${pid}/exe`).catch(() => name);
  return `${basename(file)} (process ${pid})`;
}
