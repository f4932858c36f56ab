/** Swap space for one measurement: a file, or compressed memory, first in line and gone afterwards. Needs root. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export const swapKinds = ["file", "zram"] as const;
export type SwapKind = (typeof swapKinds)[number];

const run = promisify(execFile);
/** Above whatever the machine has of its own. */
const priority = "32000";

/** @param folder on the disk that a file is to lie on @param megabytes of room @throws Error where this machine has no such swap */
export async function withSwap<T>(
  kind: SwapKind,
  { folder, megabytes }: { folder: string; megabytes: number },
  work: () => Promise<T>,
): Promise<T> {
  const { path, remove } = kind === "file" ? await swapFile(folder, megabytes) : await compressed(megabytes);
  try {
    await run("mkswap", [path]);
    await run("swapon", ["-p", priority, path]);
    try {
      return await work();
    } finally {
      await run("swapoff", [path]);
    }
  } finally {
    await remove();
  }
}

interface Space {
  path: string;
  remove(): Promise<void>;
}

async function swapFile(folder: string, megabytes: number): Promise<Space> {
  const own = await mkdtemp(join(folder, "playspawn-swap-"));
  const remove = (): Promise<void> => rm(own, { recursive: true, force: true });
  const path = join(own, "swap");
  try {
    await writeFile(path, "", { mode: 0o600 });
    await run("fallocate", ["-l", `${megabytes}M`, path]);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, remove };
}

/** A device of its own where the kernel makes more than one, else the one there is, if nobody uses it. */
async function compressed(megabytes: number): Promise<Space> {
  const made = await readFile("/sys/class/zram-control/hot_add", "utf8").then(
    (number) => number.trim(),
    () => undefined,
  );
  const device = `zram${made ?? 0}`;
  if (made === undefined && (await readFile(`/sys/block/${device}/initstate`, "utf8")).trim() !== "0")
    throw new Error(`${device} is in use`);
  const remove = async (): Promise<void> => {
    await writeFile(`/sys/block/${device}/reset`, "1");
    if (made !== undefined) await writeFile("/sys/class/zram-control/hot_remove", made);
  };
  try {
    await writeFile(`/sys/block/${device}/disksize`, `${megabytes}M`);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: `/dev/${device}`, remove };
}
