/** This machine: who it is, what it has, how busy it is. */
import { readFile, statfs } from "node:fs/promises";
import type { Capacity } from "@playspawn/shared";
import si from "systeminformation";
import type { Config } from "./config.ts";

/** The kernel's boot id: another one means that this machine was started again, or that it is another machine. */
export const bootId = async (): Promise<string> => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();

export async function capacity({ dataDir, portRange, nodeAddress }: Config): Promise<Capacity> {
  const [memory, cpu] = await Promise.all([si.mem(), si.cpu()]);
  return {
    memoryBytes: memory.total,
    cpus: cpu.cores,
    diskFreeBytes: await diskFree(dataDir),
    ports: portRange,
    address: nodeAddress,
  };
}

/** `load` is the share of all processors in use since the last call, 0 to 1. */
export async function load(dataDir: string): Promise<{ load: number; memoryFreeBytes: number; diskFreeBytes: number }> {
  const [memory, cpu] = await Promise.all([si.mem(), si.currentLoad()]);
  const share = Math.min(1, Math.max(0, cpu.currentLoad / 100));
  return {
    load: Number.isFinite(share) ? share : 0,
    memoryFreeBytes: memory.available,
    diskFreeBytes: await diskFree(dataDir),
  };
}

async function diskFree(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
