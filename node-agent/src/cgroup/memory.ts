/**
 * What a cgroup keeps in the machine's memory, and how it is moved out. Sources: the kernel's cgroup-v1/memory.rst
 * (`memory.force_empty`) and cgroup-v2.rst (`memory.reclaim`, `memory.swap.max`).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, constants, readFile, writeFile } from "node:fs/promises";
import { messageOf } from "@playspawn/shared";
import type { CgroupFolder } from "./folders.ts";

const passesMax = 6;
/** One pass over a game of many gigabytes on a slow disk; then what is left stays. */
const passLimitMs = 120_000;

/** Bytes in the machine's memory, without the page cache of files, which the kernel gives back by itself. */
export async function residentBytes({ version, path }: CgroupFolder): Promise<number> {
  const [usage, stat] = await Promise.all([
    readFile(`${path}/${version === 1 ? "memory.usage_in_bytes" : "memory.current"}`, "utf8"),
    readFile(`${path}/memory.stat`, "utf8"),
  ]);
  return Math.max(0, Number(usage) - cacheOf(stat, version === 1 ? "total_" : ""));
}

function cacheOf(stat: string, prefix: string): number {
  const field = (name: string): number => Number(new RegExp(`^${prefix}${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return field("inactive_file") + field("active_file");
}

/**
 * Moves out what can leave, in up to six passes, for as long as one more helps. Interrupted, it ends within milliseconds.
 * @throws Error when the kernel refuses; the signal's reason
 */
export async function reclaim(folder: CgroupFolder, signal: AbortSignal): Promise<{ before: number; after: number }> {
  const before = await residentBytes(folder);
  await allowSwap(folder, true);
  let after = before;
  for (let pass = 0; pass < passesMax; pass++) {
    await reclaimOnce(folder, signal);
    const left = await residentBytes(folder);
    const gained = after - left;
    after = left;
    if (gained <= 0) break;
  }
  return { before, after };
}

/**
 * Whether the group's memory may go to swap. Docker's `MemorySwap` equal to `Memory` is `memory.swap.max` 0 on v2; on v1 it
 * limits memory and swap together, which allows what was in memory to be in swap.
 */
export async function allowSwap({ version, path }: CgroupFolder, allowed: boolean): Promise<void> {
  if (version === 1) return;
  await writeFile(`${path}/memory.swap.max`, allowed ? "max" : "0").catch((error: NodeJS.ErrnoException) => {
    // A kernel that does not count swap has no limit of it either.
    if (error.code !== "ENOENT") throw error;
  });
}

/** Why memory cannot be moved out of this group; null when it can. */
export async function reclaimFault(folder: CgroupFolder | null): Promise<string | null> {
  if (!folder) return "the engine's cgroups are not mounted here (/sys/fs/cgroup)";
  const file = orderFile(folder);
  try {
    await access(file, constants.W_OK);
    return null;
  } catch (error) {
    return `${file} cannot be written (${messageOf(error)})`;
  }
}

const orderFile = ({ version, path }: CgroupFolder): string =>
  `${path}/${version === 1 ? "memory.force_empty" : "memory.reclaim"}`;

/** By a process of its own: the write takes seconds, a killed writer ends it, and none of our threads waits. */
async function reclaimOnce(folder: CgroupFolder, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const order = folder.version === 1 ? "0" : String(await readFile(`${folder.path}/memory.current`, "utf8")).trim();
  const writer = spawn("/bin/sh", ["-c", 'echo "$1" > "$2"', "reclaim", order, orderFile(folder)], {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: passLimitMs,
    killSignal: "SIGKILL",
  });
  let said = "";
  writer.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(0, 500)));
  const stop = (): void => void writer.kill("SIGKILL");
  signal.addEventListener("abort", stop, { once: true });
  try {
    await once(writer, "close");
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
  // Less than was asked for is no failure: EAGAIN on v2, EBUSY on v1, which some shells call an I/O error. What remains is
  // measured. A file that cannot be opened is told in other words.
  if (said !== "" && !/again|unavailable|busy|I\/O error/i.test(said)) throw new Error(said.trim());
}
