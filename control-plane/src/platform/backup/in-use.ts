/** Whether a program runs on a data folder: the locks that each of them holds, taken for as long as a restore works. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { AppError } from "@playspawn/shared";
import Database from "better-sqlite3";

/** @returns what gives the locks back @throws AppError conflict that names the program */
export async function requireUnused(dataDir: string): Promise<() => void> {
  const held: (() => void)[] = [];
  const release = (): void => held.splice(0).forEach((one) => one());
  try {
    held.push(controlPlane(dataDir));
    held.push(await abstract("playspawn-start", dataDir, dataDir, "./scripts/start"));
    held.push(await abstract("playspawn-agent", join(dataDir, "agent"), dataDir, "The node agent"));
    return release;
  } catch (error) {
    release();
    throw error;
  }
}

const inUse = (who: string, dataDir: string): AppError =>
  new AppError("conflict", `${who} runs on ${dataDir}. Stop Playspawn there first; game servers may run on.`);

/** As the control plane takes it, but without waiting. */
function controlPlane(dataDir: string): () => void {
  const path = join(dataDir, "control-plane", "lock");
  if (!existsSync(path)) return () => undefined;
  const lock = new Database(path, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    throw (error as { code?: string }).code === "SQLITE_BUSY" ? inUse("The control plane", dataDir) : error;
  }
  return () => void lock.close();
}

/** A socket without a file, named after a folder's device and inode; see scripts/up/lock.ts and the agent's preflight. */
async function abstract(prefix: string, folder: string, dataDir: string, who: string): Promise<() => void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found) return () => undefined;
  const server = await listen(`\0${prefix}-${found.dev}-${found.ino}`);
  if (!server) throw inUse(who, dataDir);
  return () => void server.close();
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => undefined).end(String(process.pid)));
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(name, () => (server.unref(), resolve(server)));
  });
}
