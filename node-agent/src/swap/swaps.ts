/** The machine's swap spaces, as /proc/swaps lists them (proc(5)). */
import { readFile } from "node:fs/promises";

export interface Swap {
  /** e.g. `/dev/zram0`, `/swapfile` */
  name: string;
  sizeBytes: number;
  usedBytes: number;
  /** The highest is filled first. */
  priority: number;
}

export type SwapKind = "zram" | "swap";

export const swaps = async (): Promise<Swap[]> => parseSwaps(await readFile("/proc/swaps", "utf8"));

/** Pure. */
export function parseSwaps(text: string): Swap[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      // A name may have spaces, as octal numbers, and ` (deleted)` after it; the last four columns have none.
      const found = /^(\S.*?)\s+\S+\s+(\d+)\s+(\d+)\s+(-?\d+)\s*$/.exec(line);
      if (!found) return [];
      const [, name, size, used, priority] = found;
      return [
        { name: name!, sizeBytes: Number(size) * 1024, usedBytes: Number(used) * 1024, priority: Number(priority) },
      ];
    });
}

/** Less than this is kept for whoever needs it more. */
const freeLeast = 64 * 1024 ** 2;

/** Where memory goes next: to compressed memory or to a disk; a sentence when there is no room. Pure. */
export function swapKind(all: readonly Swap[]): { to: SwapKind } | string {
  if (all.length === 0) return "This machine has no swap space. Add some, or set PLAYSPAWN_ZRAM.";
  const roomy = all.filter(({ sizeBytes, usedBytes }) => sizeBytes - usedBytes >= freeLeast);
  const first = roomy.toSorted((a, b) => b.priority - a.priority)[0];
  if (!first) return "This machine's swap space is full.";
  return { to: /^\/dev\/zram\d+$/.test(first.name) ? "zram" : "swap" };
}
