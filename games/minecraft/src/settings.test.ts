import { readFile } from "node:fs/promises";
import test from "ava";
import { Game } from "@playspawn/shared";
import { parse } from "yaml";
import { readSettings } from "./settings.ts";

const gameYaml = async (id: string): Promise<Game> =>
  Game.parse(parse(await readFile(new URL(`../../${id}/game.yaml`, import.meta.url), "utf8")));

test("the Minecraft server takes every default and every option that its template offers", async (t) => {
  const { variables } = await gameYaml("minecraft");
  const defaults = Object.entries(variables).map(([name, variable]) => [name, String(variable.default)]);
  const preset = readSettings(Object.fromEntries(defaults));
  t.deepEqual(preset, readSettings({}), "the program's own defaults are the template's");
  for (const [name, variable] of Object.entries(variables)) {
    const values =
      variable.type === "enum" ? variable.options : variable.type === "integer" ? [variable.min, variable.max] : [];
    for (const value of values) t.notThrows(() => readSettings({ [name]: String(value) }), `${name}=${value}`);
  }
});

test("every fault is told at once", (t) => {
  const error = t.throws(() =>
    readSettings({ VERSION: "0.1", MAX_PLAYERS: "many", ONLINE_MODE: "perhaps", SEED: "-1" }),
  );
  t.is(
    error.message,
    [
      "VERSION must be one of 1.16.5, 1.18.2, 1.20.1, 1.21.4, not 0.1",
      "MAX_PLAYERS must be 1 to 100",
      "ONLINE_MODE must be one of true, false, not perhaps",
      "SEED must be 0 to 2147483647",
    ].join("\n"),
  );
});
