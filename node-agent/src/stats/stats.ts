/**
 * What a server uses now. Processor time is a rate, so two samples are needed. While somebody looks at any server all that
 * run are sampled once a second, so that whoever looks at the next one need not wait.
 */
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
const everyMs = 1_000;
/** A dashboard asks every five seconds. */
const lookedForMs = 15_000;
const samplesKept = 1_000;
const MiB = 1024 ** 2;

export interface StatsDeps {
  ports: Pick<Ports, "clock" | "timers">;
  runtime: Pick<Runtime, "consumption">;
  registry: Pick<Registry, "get" | "running">;
}

/** The newest samples of one server, oldest first; two at most. */
type Recent = readonly Sample[];

export function stats({ ports: { clock, timers }, runtime, registry }: StatsDeps): Stats {
  const recent = new Map<string, Recent>();
  const take = async (server: string): Promise<Sample | null> => {
    const startedAt = registry.get(server)?.startedAt ?? null;
    if (startedAt === null) return null;
    const used = await runtime.consumption(server);
    return used && { ...used, at: clock.mono(), startedAt };
  };
  const keep = (server: string, sample: Sample): void => {
    const before = recent.get(server)?.at(-1);
    recent.delete(server);
    recent.set(server, before ? [before, sample] : [sample]);
    if (recent.size > samplesKept) recent.delete(recent.keys().next().value!);
  };
  const look = sampler(
    { clock, timers },
    () => registry.running(),
    async (server) => {
      const sample = await take(server);
      if (sample) keep(server, sample);
    },
  );
  const baseline = async (server: string, signal: AbortSignal): Promise<Sample | null> => {
    const startedAt = registry.get(server)?.startedAt;
    const known = recent.get(server)?.findLast(({ at }) => clock.mono() - at >= apartMs.least);
    if (known?.startedAt === startedAt && clock.mono() - (known?.at ?? 0) <= apartMs.most) return known ?? null;
    const fresh = await take(server);
    if (fresh) await timers.sleep(apartMs.least, signal);
    return fresh;
  };
  return {
    async of(server, signal) {
      const supervisor = registry.get(server);
      if (!supervisor) throw new AppError("not_found", `This node does not know the server ${server}.`);
      look();
      const before = await baseline(server, signal);
      const now = before && (await take(server));
      const status = supervisor.status().state;
      if (!before || !now) return { ...nothing, status };
      keep(server, now);
      return { ...figures(before, now), status };
    },
  };
}

/** Answers what is called when somebody looks: from then on for a while every server is sampled, none twice at once. */
function sampler(
  { clock, timers }: StatsDeps["ports"],
  servers: () => Iterable<string>,
  sample: (server: string) => Promise<void>,
): () => void {
  const busy = new Set<string>();
  let lookedAt = -Infinity;
  let cancel: (() => void) | undefined;
  const one = async (server: string): Promise<void> => {
    busy.add(server);
    // Whoever asks for this server is told what is wrong.
    await sample(server).catch(() => undefined);
    busy.delete(server);
  };
  const tick = (): void => {
    if (clock.mono() - lookedAt > lookedForMs) {
      cancel?.();
      cancel = undefined;
      return;
    }
    for (const server of servers()) if (!busy.has(server)) void one(server);
  };
  return () => {
    lookedAt = clock.mono();
    cancel ??= timers.every(everyMs, tick);
  };
}

const nothing = { cpu_percent: 0, memory_percent: 0, memory_used_mb: 0 };

function figures(before: Sample, now: Sample): Omit<ServerStats, "status"> {
  const ms = now.at - before.at;
  // Less than before: another run began in between.
  const perMs = (from: number, to: number): number => (ms > 0 && to >= from ? (to - from) / ms : 0);
  const rates: Partial<ServerStats> = {};
  if (before.network && now.network) {
    rates.network_in_bytes_per_second = Math.round(perMs(before.network.inBytes, now.network.inBytes) * 1000);
    rates.network_out_bytes_per_second = Math.round(perMs(before.network.outBytes, now.network.outBytes) * 1000);
  }
  if (before.disk && now.disk) {
    rates.disk_read_bytes_per_second = Math.round(perMs(before.disk.readBytes, now.disk.readBytes) * 1000);
    rates.disk_write_bytes_per_second = Math.round(perMs(before.disk.writtenBytes, now.disk.writtenBytes) * 1000);
  }
  return {
    cpu_percent: rounded(perMs(before.cpuMs, now.cpuMs) * 100),
    ...rates,
    memory_percent: rounded((now.memoryBytes / now.memoryLimitBytes) * 100),
    memory_used_mb: rounded(now.memoryBytes / MiB),
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
