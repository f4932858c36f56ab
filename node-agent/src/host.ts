/** This machine: who it is, what it has, how busy it is. */
import { readFile, statfs } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import type { Capacity } from "@playspawn/shared";
import si from "systeminformation";
import type { Config } from "./config.ts";

/** The kernel's boot id: another one means that this machine was started again, or that it is another machine. */
export const bootId = async (): Promise<string> => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();

export async function capacity({ dataDir, portRange, nodeAddress }: Config): Promise<Capacity> {
  const memory = await si.mem();
  return {
    memoryBytes: memory.total,
    // The library asks a shell.
    cpus: cpus().length,
    diskFreeBytes: await diskFree(dataDir),
    ports: portRange,
    address: nodeAddress,
  };
}

/** `load` is the share of all processors in use since the last call, 0 to 1. */
export async function load(dataDir: string): Promise<{ load: number; memoryFreeBytes: number; diskFreeBytes: number }> {
  const memory = await si.mem();
  return {
    load: busyShare(),
    memoryFreeBytes: memory.available,
    diskFreeBytes: await diskFree(dataDir),
  };
}

const MiB = 1024 ** 2;

/** What the kernel could give to programs now, bytes. A file is read: the library asks for much more. */
export async function memoryFreeBytes(): Promise<number> {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"));
  return Number(found?.[1] ?? Infinity) * 1024;
}

/** Memory that is kept for those who play. */
export const memoryReserveBytes = ({ memoryReserveBytes }: Config): number =>
  memoryReserveBytes ?? Math.max(256 * MiB, Math.round(totalmem() / 20));

let before = { busy: 0, total: 0 };

/** Share of all processors' time since the last call. Not the library's: it asks a shell. */
function busyShare(): number {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce((sum, one) => sum + one.user + one.nice + one.sys + one.irq + one.idle, 0);
  const now = { total, busy: total - times.reduce((sum, one) => sum + one.idle, 0) };
  const share = (now.busy - before.busy) / (now.total - before.total);
  before = now;
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}

async function diskFree(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
