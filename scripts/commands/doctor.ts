/** `npm run -s doctor -- [--json] [--wait <seconds>]`: do the invariants of a data folder hold? Exit 0 when all do. */
import { parseArgs } from "node:util";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { environment, startConfig } from "../config.ts";
import { gather, type Subject } from "../doctor/facts.ts";
import { judge, type Verdict } from "../doctor/judge.ts";
import { say } from "../lib/terminal.ts";
import { Halt } from "../up/halt.ts";
import { readSettings } from "../up/systemd.ts";

const pauseMs = 1000;
const waitSecondsMax = 600;

export async function doctor(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: "boolean", default: false }, wait: { type: "string", default: "0" } },
  });
  const seconds = Number(values.wait);
  if (!(seconds >= 0 && seconds <= waitSecondsMax))
    throw new Halt(64, `--wait takes 0 to ${waitSecondsMax} seconds, not ${values.wait}.`);
  // Services keep theirs in a file.
  const settings = { ...(await readSettings()), ...environment() };
  const verdicts = await examine(startConfig(settings), seconds * 1000);
  const ok = sound(verdicts);
  if (values.json) say(JSON.stringify({ ok, checks: verdicts }, null, 2));
  else for (const line of lines(verdicts)) say(line);
  return ok ? 0 : 1;
}

const sound = (verdicts: readonly Verdict[]): boolean => verdicts.every(({ kind, ok }) => ok || kind === "advice");

/** A healing house needs a moment: looks again until all holds or `waitMs` have passed. */
async function examine(subject: Subject, waitMs: number): Promise<Verdict[]> {
  const { clock, timers } = systemPorts;
  const end = clock.mono() + waitMs;
  for (;;) {
    const verdicts = judge(await gather(subject, clock.now()));
    if (sound(verdicts) || clock.mono() >= end) return verdicts;
    await timers.sleep(pauseMs);
  }
}

function lines(verdicts: readonly Verdict[]): string[] {
  return verdicts.flatMap(({ name, kind, ok, findings }) => [
    `${ok ? "ok    " : kind === "advice" ? "advice" : "not ok"} ${name}`,
    ...findings.map((finding) => `         ${finding}`),
  ]);
}
