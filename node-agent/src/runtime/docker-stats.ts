/** What a server's containers are called, and what its game uses: the engine is asked once a run where that stands. */
import { totalmem } from "node:os";
import { AppError } from "@playspawn/shared";
import { cgroupFolder } from "../cgroup/folders.ts";
import { belongs, memoryLimit, readUsage, type UsagePlaces } from "../cgroup/usage.ts";
import { inspect, isRunning, listOwn, newestGame } from "./docker-containers.ts";
import type { Engine } from "./docker-engine.ts";
import { gameId, type Games } from "./docker-games.ts";
import { label, networkName, type Identity } from "./names.ts";
import type { Consumption, Containers } from "./runtime.ts";

export async function containers(engine: Engine, identity: Identity, server: string): Promise<Containers> {
  const own = await listOwn(engine, identity, { server });
  const game = newestGame(own.filter((info) => info.Labels[label.role] === "game"));
  const holder = own.find((info) => info.Labels[label.role] === "holder" && isRunning(info));
  return { game: game?.Id ?? null, holder: holder?.Id ?? null, network: networkName(identity) };
}

/** Where the kernel counts what the present run of a game uses. */
interface Counted extends UsagePlaces {
  container: string;
  limitBytes: number;
}

/** Answers what reads one server: null when its game does not run. The engine is asked where that is once a run. */
export function consumptions(games: Games): (server: string) => Promise<Consumption | null> {
  const known = new Map<string, Counted>();
  return async (server) => {
    const before = known.get(server);
    const used = before && sample(before);
    if (used) return used;
    known.delete(server);
    const found = await find(games, server);
    if (!found) return null;
    known.set(server, found);
    return sample(found);
  };
}

/** A process of that number may be another's by now; a container that was started again has another one. */
function sample(counted: Counted): Consumption | null {
  const used = belongs(counted.pid, counted.container) ? readUsage(counted) : null;
  return used && { ...used, memoryLimitBytes: counted.limitBytes };
}

/** @throws AppError internal where the engine's cgroups are not mounted */
async function find(games: Games, server: string): Promise<Counted | null> {
  const state = await stateOf(games, server);
  if (!state?.running) return null;
  const { id: container, pid } = state;
  const [memory, cpu, io] = await Promise.all([
    cgroupFolder(pid, "memory"),
    cgroupFolder(pid, "cpuacct"),
    cgroupFolder(pid, "blkio"),
  ]);
  // It ended meanwhile.
  if (!belongs(pid, container)) return null;
  if (memory && cpu) return { container, pid, memory, cpu, io, limitBytes: memoryLimit(memory) ?? totalmem() };
  throw new AppError("internal", `Where the kernel counts what server ${server} uses is not mounted: /sys/fs/cgroup.`);
}

async function stateOf(games: Games, server: string): Promise<{ id: string; pid: number; running: boolean } | null> {
  try {
    const id = await gameId(games, server);
    const found = await inspect(games.engine, id);
    // The remembered container is gone; the next call finds the one that took its place.
    if (!found) games.ids.delete(server);
    return found ? { id, pid: found.State.Pid, running: found.State.Running } : null;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}
