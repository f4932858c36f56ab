/** Counts tests. A skipped one counts as failed unless docs/skips.md names it with a reason. */
import { readFile } from "node:fs/promises";
import { repository } from "../lib/paths.ts";
import type { TestResult } from "./tap.ts";

export interface Tally {
  add(result: TestResult): void;
  readonly failures: readonly string[];
  readonly named: readonly string[];
  line(): string;
  failed(): number;
}

/** Titles of the table in docs/skips.md: `| test | reason |`. */
export function namedSkips(text: string): Set<string> {
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (test |---)/i.test(line));
  const cells = rows.map((row) =>
    row
      .split("|")
      .map((cell) => cell.trim())
      .filter(Boolean),
  );
  return new Set(cells.flatMap(([title, reason]) => (title && reason ? [title.replaceAll("`", "")] : [])));
}

export function tally(skips: ReadonlySet<string>, say: (line: string) => void): Tally {
  const failures: string[] = [];
  const named: string[] = [];
  let passed = 0;
  return {
    failures,
    named,
    add({ title, outcome, details }) {
      if (outcome === "skipped" && skips.has(title)) {
        named.push(title);
        return say(`skip   ${title} (named in docs/skips.md)`);
      }
      if (outcome === "passed") {
        passed += 1;
        return say(`ok     ${title}`);
      }
      failures.push(title);
      say(`not ok ${title}${outcome === "failed" ? "" : ` (${outcome})`}`);
      for (const line of details) say(line);
    },
    line: () => `${passed} passed, ${failures.length} failed`,
    failed: () => failures.length,
  };
}

export const readSkips = async (): Promise<Set<string>> =>
  namedSkips(await readFile(`${repository}/docs/skips.md`, "utf8").catch(() => ""));
