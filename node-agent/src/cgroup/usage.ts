/**
 * What a game uses, read from the kernel's own files: a few microseconds, and nothing is asked of the engine.
 * Sources: cgroup-v1/memory.rst, cpuacct.rst and blkio-controller.rst, cgroup-v2.rst; proc(5) for /proc/<pid>/net/dev.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { CgroupFolder } from "./folders.ts";

export interface UsagePlaces {
  memory: CgroupFolder;
  cpu: CgroupFolder;
  /** null where nothing counts it. */
  io: CgroupFolder | null;
  /** A process in the game's network. */
  pid: number;
}

export interface Usage {
  /** Processor time so far, in ms of one core. */
  cpuMs: number;
  /** Without the page cache that is given back first, as `docker stats` tells it. */
  memoryBytes: number;
  /** Through the server's own network so far, seen from the game; null where it cannot be told. */
  network: { inBytes: number; outBytes: number } | null;
  /** From and to disks so far. */
  disk: { readBytes: number; writtenBytes: number } | null;
}

/** Larger than any of these files: memory.stat has about 4 KiB, an io.stat of many disks stays below it. */
const room = Buffer.alloc(64 * 1024);

/** The files are the kernel's memory: reading them waits for nothing, and costs less than handing it to a thread. */
function read(path: string): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return room.toString("latin1", 0, readSync(file, room, 0, room.length, 0));
  } catch {
    // It ends while it is looked at.
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether a process is one of a container: its cgroup is called after it. */
export const belongs = (pid: number, container: string, proc = "/proc"): boolean =>
  read(`${proc}/${pid}/cgroup`)?.includes(container) ?? false;

/** null when it does not run any more. @param proc where processes are; tests have their own */
export function readUsage({ memory, cpu, io, pid }: UsagePlaces, proc = "/proc"): Usage | null {
  const used = read(`${memory.path}/${memory.version === 1 ? "memory.usage_in_bytes" : "memory.current"}`);
  const stat = read(`${memory.path}/memory.stat`);
  const cpuMs = cpuOf(cpu);
  if (used === null || stat === null || cpuMs === null) return null;
  const cache = numberAt(stat, memory.version === 1 ? "total_inactive_file" : "inactive_file");
  return {
    cpuMs,
    memoryBytes: Math.max(0, Number(used) - (cache ?? 0)),
    network: networkOf(read(`${proc}/${pid}/net/dev`)),
    disk: io && diskOf(io),
  };
}

/** The group's own limit in bytes; null where it has none, or none can be read. */
export function memoryLimit({ version, path }: CgroupFolder): number | null {
  const text = read(`${path}/${version === 1 ? "memory.limit_in_bytes" : "memory.max"}`);
  const bytes = Number(text ?? Number.NaN);
  // v1 says "no limit" as the largest number of pages there is.
  return Number.isFinite(bytes) && bytes < 2 ** 60 ? bytes : null;
}

function cpuOf({ version, path }: CgroupFolder): number | null {
  if (version === 1) {
    const nanoseconds = read(`${path}/cpuacct.usage`);
    return nanoseconds === null ? null : Number(nanoseconds) / 1e6;
  }
  const microseconds = numberAt(read(`${path}/cpu.stat`) ?? "", "usage_usec");
  return microseconds === null ? null : microseconds / 1e3;
}

/** The number behind `name` at the beginning of a line. */
function numberAt(text: string, name: string): number | null {
  const start = text.startsWith(`${name} `) ? 0 : text.indexOf(`\n${name} `) + 1;
  if (start === 0 && !text.startsWith(`${name} `)) return null;
  return Number.parseInt(text.slice(start + name.length + 1), 10);
}

/** Interfaces but the loopback: `  eth0: <bytes> <packets> … 8 columns received, then 8 sent`. */
function networkOf(text: string | null): Usage["network"] {
  if (text === null) return null;
  const sum = { inBytes: 0, outBytes: 0 };
  for (const line of text.split("\n").slice(2)) {
    const colon = line.indexOf(":");
    if (colon < 0 || line.slice(0, colon).trim() === "lo") continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    sum.inBytes += Number(columns[0]);
    sum.outBytes += Number(columns[8]);
  }
  return sum;
}

function diskOf({ version, path }: CgroupFolder): Usage["disk"] {
  const text = read(`${path}/${version === 1 ? "blkio.throttle.io_service_bytes" : "io.stat"}`);
  if (text === null) return null;
  const [readBytes, writtenBytes] =
    version === 1
      ? [sumOf(text, /^\d+:\d+ Read (\d+)$/gm), sumOf(text, /^\d+:\d+ Write (\d+)$/gm)]
      : [sumOf(text, /\brbytes=(\d+)/g), sumOf(text, /\bwbytes=(\d+)/g)];
  return { readBytes, writtenBytes };
}

function sumOf(text: string, counted: RegExp): number {
  let sum = 0;
  for (const match of text.matchAll(counted)) sum += Number(match[1]);
  return sum;
}
