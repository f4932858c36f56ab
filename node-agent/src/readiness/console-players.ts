/** Players as a game lists them on its remote console. */
import { capture, type Players, type PlayersRule, type ServerSpec } from "@playspawn/shared";
import { playersOf } from "./names.ts";

type Rule = Extract<PlayersRule, { rcon: unknown }>;

const linesMax = 1000;
const lineLengthMax = 500;

/** Every line that matches is one. @throws Error when that many cannot be */
export function readList(text: string, rule: Rule, env: ServerSpec["env"]): Players {
  const player = capture(rule.line);
  const names = text
    .split("\n", linesMax)
    .map((line) => player(line.replace(/\r$/, "").slice(0, lineLengthMax)))
    .filter((name) => name !== undefined);
  const max = rule.maxVariable === undefined ? 0 : Number(env[rule.maxVariable] ?? 0);
  return playersOf(names.length, max, names);
}
