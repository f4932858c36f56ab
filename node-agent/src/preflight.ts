/** What must be so before the agent touches anything; every fault is one sentence that says what to do. */
import { access, constants, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { AppError, ConfigError, messageOf, withLimit, type Timers } from "@playspawn/shared";
import { unfinishedFault } from "@playspawn/shared/node/backup/unfinished.ts";
import type { Config } from "./config.ts";
import { checkSpace } from "./servers/files.ts";

const dockerLimitMs = 5_000;

/** Checks everything and answers the lock on the data folder, held until `release`. @throws ConfigError with every fault */
export async function preflight(config: Config, timers: Timers): Promise<{ release(): void }> {
  const faults: string[] = [];
  const check = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      faults.push(messageOf(error));
    }
  };
  await check(checkRoot);
  await check(() => checkDataDir(config.dataDir));
  await check(() => {
    const fault = unfinishedFault(config.dataDir);
    if (fault) throw new Error(fault);
  });
  await check(() =>
    withLimit(timers, dockerLimitMs, `Docker's answer at ${config.dockerHost}`, checkDocker(config.dockerHost)),
  );
  if (faults.length > 0) throw new ConfigError(faults);
  return lock(config.dataDir);
}

function checkRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    "The agent must run as root: every server's files belong to a user of their own. Start it with sudo.",
  );
}

async function checkDataDir(dataDir: string): Promise<void> {
  const folder = join(dataDir, "agent");
  const probe = join(folder, ".writable");
  try {
    await mkdir(join(folder, "servers"), { recursive: true, mode: 0o700 });
    await writeFile(probe, "written to see whether this folder can be written\n");
    await rm(probe);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new AppError("disk_full", `The disk under ${dataDir} is full. Free some space and start again.`, {
        cause: error,
      });
    throw new Error(
      `The data folder ${dataDir} cannot be written (${messageOf(error)}). Set PLAYSPAWN_DATA_DIR to a folder that root may write.`,
      { cause: error },
    );
  }
  await checkSpace(folder);
}

async function checkDocker(host: string): Promise<void> {
  const path = host.startsWith("unix://") ? host.slice("unix://".length) : host.startsWith("/") ? host : undefined;
  if (path === undefined) return;
  const found = await stat(path).catch(() => undefined);
  if (!found)
    throw new AppError(
      "docker_unavailable",
      `There is no Docker socket at ${path}. Start Docker (systemctl start docker), or set DOCKER_HOST.`,
    );
  if (!found.isSocket())
    throw new AppError("docker_unavailable", `${path} is not a socket. Set DOCKER_HOST to Docker's socket.`);
  await access(path, constants.R_OK | constants.W_OK).catch(() => denied(path, found.gid));
  await answers(path, found.gid);
}

function denied(path: string, gid: number): never {
  throw new AppError(
    "docker_denied",
    `The Docker socket ${path} denies access. Run the agent as root, or as a member of the group that owns the socket (gid ${gid}).`,
  );
}

function answers(path: string, gid: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EACCES" || error.code === "EPERM") {
        try {
          denied(path, gid);
        } catch (fault) {
          return reject(fault as Error);
        }
      }
      reject(
        new AppError(
          "docker_unavailable",
          `Docker does not listen at ${path} (${error.code}). Start it (systemctl start docker).`,
        ),
      );
    });
  });
}

/**
 * One agent per data folder. An abstract socket, named by the folder itself and not by its path: the kernel takes it
 * back however this process ends, so there is no stale lock to clean up.
 */
async function lock(dataDir: string): Promise<{ release(): void }> {
  const { dev, ino } = await stat(join(dataDir, "agent"));
  const server = createServer();
  await listening(server, `\0playspawn-agent-${dev}-${ino}`, dataDir);
  server.unref();
  return { release: () => void server.close() };
}

function listening(server: Server, name: string, dataDir: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = `Another agent runs on the data folder ${dataDir}. Stop it, or set PLAYSPAWN_DATA_DIR to another folder.`;
      reject(error.code === "EADDRINUSE" ? new ConfigError([taken]) : error);
    });
    server.listen(name, resolve);
  });
}
