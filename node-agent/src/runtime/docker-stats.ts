/** What a server's containers are called and what its game uses, asked of the engine once. */
import type { ContainerStats } from "dockerode";
import { isRunning, listOwn, newestGame } from "./docker-containers.ts";
import { isFault, limits, type Engine } from "./docker-engine.ts";
import { gameId, type Games } from "./docker-games.ts";
import { label, networkName, type Identity } from "./names.ts";
import type { Consumption, Containers } from "./runtime.ts";
import { AppError } from "@playspawn/shared";

export async function containers(engine: Engine, identity: Identity, server: string): Promise<Containers> {
  const own = await listOwn(engine, identity, { server });
  const game = newestGame(own.filter((info) => info.Labels[label.role] === "game"));
  const holder = own.find((info) => info.Labels[label.role] === "holder" && isRunning(info));
  return { game: game?.Id ?? null, holder: holder?.Id ?? null, network: networkName(identity) };
}

/** One sample: the engine would take a second for two of them. */
export async function consumption(games: Games, server: string): Promise<Consumption | null> {
  const { engine } = games;
  try {
    const id = await gameId(games, server);
    const sample = await engine.call(`read what server ${server} uses`, limits.read, (abortSignal) =>
      engine.docker.getContainer(id).stats({ stream: false, "one-shot": true, abortSignal } as object),
    );
    return consumptionOf(sample as unknown as ContainerStats);
  } catch (error) {
    if (isFault(error, 404) || (error instanceof AppError && error.code === "not_found")) return null;
    throw error;
  }
}

/** null for a container that does not run: the engine then answers without figures. */
function consumptionOf({ cpu_stats: cpu, memory_stats: memory }: ContainerStats): Consumption | null {
  if (!memory.usage || !memory.limit) return null;
  const { stats } = memory as { stats?: Partial<Record<"total_inactive_file" | "inactive_file", number>> };
  // Named as in cgroup v1 or v2.
  const cache = stats?.total_inactive_file ?? stats?.inactive_file ?? 0;
  return {
    cpuMs: cpu.cpu_usage.total_usage / 1e6,
    memoryBytes: Math.max(0, memory.usage - cache),
    memoryLimitBytes: memory.limit,
  };
}
