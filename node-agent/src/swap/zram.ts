/**
 * A swap space in compressed memory (zram) of this node's own, told by its label from everybody else's. It outlives the
 * agent, as the memory of frozen games is in it. Sources: the kernel's admin-guide/blockdev/zram.rst, mkswap(8), swapon(8).
 */
import { execFile } from "node:child_process";
import { open, readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { AppError, messageOf } from "@playspawn/shared";
import { swaps } from "./swaps.ts";

const run = promisify(execFile);
const limitMs = 60_000;
const control = "/sys/class/zram-control";
/** Before any swap on a disk. */
const priority = 100;
/** Where a swap space has its label, and its length: `struct swap_header_v1_2` of linux/swap.h. */
const labelAt = { offset: 1052, length: 16 };

/** Label of a node's zram, of at most 16 characters. */
export const zramLabel = (node: string): string => `ps-${node.slice(-12)}`;

/**
 * Makes it so: one of `sizeBytes` (before compression) under this label, or none. One that is there in another size stays
 * until the machine starts anew: frozen games may be in it.
 * @throws AppError internal with what the machine refused
 */
export async function keepZram(label: string, sizeBytes: number | null): Promise<void> {
  const present = await zramOf(label);
  if (sizeBytes === null) return present === undefined ? undefined : await removeZram(present);
  if (present !== undefined) return;
  try {
    await makeZram(label, sizeBytes);
  } catch (error) {
    throw new AppError(
      "internal",
      `Swap in compressed memory (PLAYSPAWN_ZRAM) could not be set up: ${messageOf(error)}. It takes root on the machine itself and the kernel's module zram; or add a swap space and leave it out.`,
      { cause: error },
    );
  }
}

/** The device of the swap space with this label, e.g. `/dev/zram1`; undefined when there is none. */
export async function zramOf(label: string): Promise<string | undefined> {
  for (const { name } of await swaps())
    if (/^\/dev\/zram\d+$/.test(name) && (await labelOf(name).catch(() => "")) === label) return name;
  return undefined;
}

async function labelOf(device: string): Promise<string> {
  const file = await open(device);
  try {
    const { buffer } = await file.read(Buffer.alloc(labelAt.length), 0, labelAt.length, labelAt.offset);
    return buffer.toString("latin1").replace(/\0.*$/s, "");
  } finally {
    await file.close();
  }
}

async function makeZram(label: string, sizeBytes: number): Promise<void> {
  const added = (): Promise<string> => readFile(`${control}/hot_add`, "utf8");
  const number = (await added().catch(async () => (await load(), await added()))).trim();
  const device = `/dev/zram${number}`;
  try {
    await writeFile(`/sys/block/zram${number}/disksize`, String(sizeBytes));
    await run("mkswap", ["-L", label, device], { timeout: limitMs });
    await run("swapon", ["-p", String(priority), device], { timeout: limitMs });
  } catch (error) {
    await writeFile(`${control}/hot_remove`, number).catch(() => undefined);
    throw error;
  }
}

const load = (): Promise<unknown> => run("modprobe", ["zram", "num_devices=0"], { timeout: limitMs });

/** Back into memory goes what is in it. */
async function removeZram(device: string): Promise<void> {
  await run("swapoff", [device], { timeout: limitMs });
  await writeFile(`${control}/hot_remove`, basename(device).replace("zram", ""));
}
