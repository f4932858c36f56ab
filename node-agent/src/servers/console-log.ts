/**
 * What a server said in its past runs, kept after its container is gone. Runs are told apart by a line
 * `── started 2026-01-02T03:04:05.678Z ──`, which also tells whether a run was kept already.
 */
import { open, readFile } from "node:fs/promises";
import { writeAtomically } from "../lib/atomic-file.ts";

export const consoleBytesMax = 4 * 1024 ** 2;

const isoTime = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium", timeZone: "UTC" });
/** The line that stands before a run. */
export const heading = (startedAt: number): string =>
  `── started ${isoTime.format(startedAt).replace(" ", "T")}.${String(startedAt % 1000).padStart(3, "0")}Z ──`;

/** Appends one run; past the limit the older half goes. */
export async function keepRun(path: string, startedAt: number, lines: readonly string[]): Promise<void> {
  const before = await readFile(path, "utf8").catch(() => "");
  const head = heading(startedAt);
  if (before.includes(`${head}\n`)) return;
  const text = `${head}\n${lines.map((line) => `${line}\n`).join("")}`;
  if (before.length + text.length <= consoleBytesMax) {
    const file = await open(path, "a", 0o600);
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return;
  }
  const all = before + text;
  const cut = all.indexOf("\n", all.length - consoleBytesMax / 2) + 1;
  await writeAtomically(path, all.slice(cut));
}

/** The last `tail` lines, oldest first; none when nothing was kept. */
export async function readTail(path: string, tail: number): Promise<string[]> {
  if (tail === 0) return [];
  const text = await readFile(path, "utf8").catch(() => "");
  const lines = text.split("\n");
  lines.pop();
  return lines.slice(-tail);
}
