/** What a server uses now. Its processor time is a rate, so two samples are needed: the last one that anybody took, or a short wait. */
import { AppError, type Ports, type ServerStats } from "@playspawn/shared";
import type { Consumption, Runtime } from "../runtime/runtime.ts";
import type { Registry } from "../servers/registry.ts";

export interface Stats {
  /** @throws AppError not_found, or the signal's reason */
  of(server: string, signal: AbortSignal): Promise<ServerStats>;
}

interface Sample extends Consumption {
  /** Mono ms. */
  at: number;
  /** Of the game's run: figures of two runs have nothing to do with each other. */
  startedAt: number | null;
}

/** Two samples closer than this tell little; of one older than that nobody says "now". */
const apartMs = { least: 500, most: 15_000 };
const samplesKept = 1_000;
const MiB = 1024 ** 2;

export interface StatsDeps {
  ports: Pick<Ports, "clock" | "timers">;
  runtime: Pick<Runtime, "consumption">;
  registry: Pick<Registry, "get">;
}

export function stats({ ports, runtime, registry }: StatsDeps): Stats {
  const last = new Map<string, Sample>();
  const take = async (server: string): Promise<Sample | null> => {
    const startedAt = registry.get(server)?.startedAt ?? null;
    const used = await runtime.consumption(server);
    return used && { ...used, at: ports.clock.mono(), startedAt };
  };
  const keep = (server: string, sample: Sample): void => {
    last.delete(server);
    last.set(server, sample);
    if (last.size > samplesKept) last.delete(last.keys().next().value!);
  };
  const baseline = async (server: string, signal: AbortSignal): Promise<Sample | null> => {
    const known = last.get(server);
    const age = known ? ports.clock.mono() - known.at : Infinity;
    const isThisRun = known?.startedAt === registry.get(server)?.startedAt;
    if (known && isThisRun && age >= apartMs.least && age <= apartMs.most) return known;
    const fresh = await take(server);
    if (fresh) await ports.timers.sleep(apartMs.least, signal);
    return fresh;
  };
  return {
    async of(server, signal) {
      const supervisor = registry.get(server);
      if (!supervisor) throw new AppError("not_found", `This node does not know the server ${server}.`);
      const before = await baseline(server, signal);
      const now = before && (await take(server));
      const status = supervisor.status().state;
      if (!before || !now) return { ...nothing, status };
      keep(server, now);
      return { ...figures(before, now), status };
    },
  };
}

const nothing = { cpu_percent: 0, memory_percent: 0, memory_used_mb: 0 };

function figures(before: Sample, now: Sample): Omit<ServerStats, "status"> {
  const ms = now.at - before.at;
  // Less than before: another run began in between.
  const cpu = ms > 0 && now.cpuMs >= before.cpuMs ? (now.cpuMs - before.cpuMs) / ms : 0;
  return {
    cpu_percent: rounded(cpu * 100),
    memory_percent: rounded((now.memoryBytes / now.memoryLimitBytes) * 100),
    memory_used_mb: rounded(now.memoryBytes / MiB),
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
