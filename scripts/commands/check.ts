/** `npm run check`: everything about the code that needs no running program. */
import { systemClock } from "@playspawn/shared/ports/system.ts";
import type { Check, Finding } from "../check/check.ts";
import { generated } from "../check/generated.ts";
import { lockfile } from "../check/lockfile.ts";
import { selfTest } from "../check/self-test.ts";
import { tidy } from "../check/tidy.ts";
import { format, imports, lint, types, unused } from "../check/tools.ts";
import { repository } from "../lib/paths.ts";
import { say } from "../lib/terminal.ts";

export const checks: readonly Check[] = [format, lint, types, imports(), unused, generated, lockfile(), tidy, selfTest];

const shownMax = 40;

export interface CheckResult {
  name: string;
  findings: Finding[];
}

/** Runs every check, a line for each and its findings below it. */
export async function runChecks(): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, run } of checks) {
    const begin = systemClock.mono();
    const findings = await run(repository);
    results.push({ name, findings });
    const seconds = ((systemClock.mono() - begin) / 1000).toFixed(1);
    say(`${findings.length === 0 ? "ok    " : "not ok"} check: ${name} (${seconds} s)`);
    for (const { rule, file, message } of findings.slice(0, shownMax))
      say(`         ${file || "(all)"}: ${message} [${rule}]`);
    if (findings.length > shownMax) say(`         … and ${findings.length - shownMax} more`);
  }
  return results;
}

export async function check(): Promise<number> {
  const results = await runChecks();
  const failed = results.filter(({ findings }) => findings.length > 0).length;
  say(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
