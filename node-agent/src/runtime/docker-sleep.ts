/** Game containers that sleep without being stopped: frozen, and their memory moved out of the machine's. */
import { AppError } from "@playspawn/shared";
import { cgroupFolder, type CgroupFolder } from "../cgroup/folders.ts";
import { allowSwap, reclaim } from "../cgroup/memory.ts";
import { inspect } from "./docker-containers.ts";
import { isFault, limits, type Engine } from "./docker-engine.ts";
import { withGame, type Games } from "./docker-games.ts";
import type { Reclaimed } from "./runtime.ts";

/** See Runtime.pauseGame. */
export const pauseGame = (games: Games, server: string): Promise<void> =>
  withGame(games, server, (id) => change(games.engine, server, id, "pause", /already paused/i));

/** See Runtime.resumeGame. A game whose memory was moved out gets no more of the machine's swap. */
export async function resumeGame(games: Games, server: string): Promise<void> {
  await withGame(games, server, async (id) => {
    await closeSwap(games, id);
    await change(games.engine, server, id, "unpause", /is not paused/i);
  });
}

/** See Runtime.reclaimGame. */
export async function reclaimGame(games: Games, server: string, signal: AbortSignal): Promise<Reclaimed> {
  return await withGame(games, server, async (id) => {
    const folder = await memoryFolder(games.engine, server, id);
    if (folder.version === 2) games.swapOpen.set(id, folder);
    return await reclaim(folder, signal);
  });
}

/** One call to the engine. @param already what it says when nothing was to be done */
async function change(
  engine: Engine,
  server: string,
  id: string,
  deed: "pause" | "unpause",
  already: RegExp,
): Promise<void> {
  try {
    await engine.call(`${deed} the container of server ${server}`, limits.change, (abortSignal) =>
      engine.docker.getContainer(id)[deed]({ abortSignal }),
    );
  } catch (error) {
    if (!isFault(error, 409, 500)) throw error;
    if (already.test(error.message)) return await running(engine, server, id);
    if (/not running/i.test(error.message)) throw notRunning(server);
    throw error;
  }
}

/** An engine of old says "is not paused" of a container that has ended, too. */
async function running(engine: Engine, server: string, id: string): Promise<void> {
  if ((await inspect(engine, id))?.State.Running !== true) throw notRunning(server);
}

/** Only on v2; an agent that was started again finds the folder anew. */
async function closeSwap({ engine, swapOpen, cgroup }: Games, id: string): Promise<void> {
  if ((await cgroup()) !== "v2") return;
  const folder = swapOpen.get(id) ?? (await folderOf(engine, id));
  swapOpen.delete(id);
  if (folder) await allowSwap(folder, false);
}

async function memoryFolder(engine: Engine, server: string, id: string): Promise<CgroupFolder> {
  const state = (await inspect(engine, id))?.State;
  if (state?.Running !== true || !state.Paused)
    throw new AppError("conflict", `The game of server ${server} is not paused.`);
  const folder = await cgroupFolder(state.Pid, "memory");
  if (folder) return folder;
  throw new AppError("internal", `Where the memory of server ${server} is counted cannot be found on this machine.`);
}

async function folderOf(engine: Engine, id: string): Promise<CgroupFolder | null> {
  const pid = (await inspect(engine, id))?.State.Pid;
  return pid ? cgroupFolder(pid, "memory") : null;
}

const notRunning = (server: string): AppError =>
  new AppError("conflict", `The game of server ${server} is not running.`);
