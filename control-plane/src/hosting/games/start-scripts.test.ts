/** What a template takes, the start script of its game takes, and the other way round: else a game ends without a word of why. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pattern, variableFault } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { loadGames } from "./load.ts";

const gamesDir = fileURLToPath(new URL("../../../../games/", import.meta.url));

async function variablesOf(t: ExecutionContext, game: string) {
  const contextsDir = await mkdtemp(join(tmpdir(), "playspawn-contexts-"));
  t.teardown(() => rm(contextsDir, { recursive: true, force: true }));
  const { games } = await loadGames({ gamesDir, ownDir: join(contextsDir, "none"), contextsDir });
  return games.get(game)!.game.variables;
}

/** Whether a function of the script takes the text: its functions stand before all that it does. */
async function takes(game: string, deed: string, value: string): Promise<boolean> {
  const script = await readFile(join(gamesDir, game, "start.sh"), "utf8");
  const functions = script.match(/^\w+\(\) \{\n[\s\S]*?^\}$/gm)!.join("\n");
  try {
    execFileSync("/bin/sh", ["-euc", `${functions}\n${deed}`], { env: { V: value }, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const words = [
  "",
  "x",
  '"',
  '""',
  '"""',
  '""x',
  '"""x',
  '"x"',
  '"{',
  "{",
  "{}",
  "{x",
  "}",
  "\\",
  ";",
  "$(id)",
  "'",
  "~",
];
const texts = [...words, ...words.map((word) => `  ${word}`), ...words.map((word) => `${word} `), "ü", "two words"];
const maps = (count: number): string => Array.from({ length: count }, (_, i) => `oa_dm${i}`).join(" ");

const rules: [string, string[], string, string[]][] = [
  ["luanti", ["SERVER_NAME", "MOTD", "DESCRIPTION"], 'text it "$V"', texts],
  ["luanti", ["PASSWORD"], 'text it "$V"', words],
  ["openarena", ["SERVER_NAME", "MOTD"], 'text it "$V"', texts],
  ["openarena", ["PASSWORD", "RCON_PASSWORD"], 'text it "$V"', words],
  ["openarena", ["MAPS"], "rotation oa_dm1 $V", ["", " ", "a", " a  b ", maps(29), maps(30)]],
  ["teeworlds", ["SERVER_NAME", "MOTD"], 'text it "$V"', texts],
];
for (const [game, names, deed, values] of rules)
  test(`${game}: ${names.join(", ")} and the start script agree`, async (t) => {
    const variables = await variablesOf(t, game);
    for (const value of values) {
      const isTaken = await takes(game, deed, value);
      for (const name of names)
        t.is(
          variableFault(variables[name]!, value, pattern) === undefined,
          isTaken,
          `${name}=${JSON.stringify(value)}`,
        );
    }
  });
