/** game list, show, reload. */
import type { Variable } from "@playspawn/shared/games/game.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import type { Game } from "../api/types.ts";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Style } from "../output/io.ts";
import { facts, table, type Cell, type Column } from "../output/table.ts";
import { pick } from "../pick.ts";
import { idOf } from "./game-admin.ts";
import { withRevision } from "./revision-note.ts";

interface Games {
  items: Game[];
  faults: { file: string; line: number; reason: string }[];
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME" },
  { title: "STATE" },
  { title: "MEMORY", drop: 1 },
  { title: "DESCRIPTION", drop: 2, prose: true },
];

export async function list(context: Context): Promise<void> {
  showGames(context, await (await context.api()).call("get", "/api/v1/games", {}));
}

export async function reload(context: Context, [name]: string[]): Promise<void> {
  if (name !== undefined) return await reloadOne(context, name);
  const games = await (await context.api()).call("post", "/api/v1/games/reload", {});
  showGames(context, games);
  // Whoever reloads wants to know whether the template he mended is taken now.
  if (games.faults.length > 0)
    throw new Failure(exits.failure, "The catalogue was read; what is named above was left out.");
}

async function reloadOne(context: Context, name: string): Promise<void> {
  const id = await idOf(context, name);
  const source = await (await context.api()).call("post", "/api/v1/games/{id}/reload", { path: { id } });
  context.answer(source, () => "");
  if (source.faults.length === 0) return context.say(`${id} was read again.`);
  throw new Failure(exits.failure, `${id} was read again, and is left out:`, {
    hints: source.faults.map(({ file, line, reason }) => `  ${file}:${line}: ${reason}`),
  });
}

function showGames(context: Context, games: Games): void {
  const { settings, io, print } = context;
  if (settings.json) context.answer(games, () => "");
  else if (settings.quiet) print(games.items.map(({ id }) => `${id}\n`).join(""));
  else {
    const rows = games.items.map((game) => [
      game.id,
      game.name,
      stateCell(game),
      bytes(game.memoryBytes),
      game.description,
    ]);
    print(table(io.out, columns, rows));
  }
  for (const { file, line, reason } of games.faults) io.err.write(`Refused: ${file}:${line}: ${reason}\n`);
}

const styles: Record<Game["state"]["name"], Style> = {
  ready: "green",
  untried: "dim",
  testing: "yellow",
  failed: "red",
  faulty: "red",
};

const stateCell = ({ state, disabled }: Game): Cell =>
  disabled ? { text: "disabled", style: "dim" } : { text: state.name, style: styles[state.name] };

export async function show(context: Context, [name = ""]: string[], options: { template?: boolean }): Promise<void> {
  if (options.template) return await showTemplate(context, name);
  const { items } = await (await context.api()).call("get", "/api/v1/games", {});
  const game = pick("game", name, items);
  context.answer(game, () => words(context, game));
}

/** Also of one that does not load: that is when it is wanted most. */
async function showTemplate(context: Context, name: string): Promise<void> {
  const id = await idOf(context, name);
  const source = await (await context.api()).call("get", "/api/v1/games/{id}/source", { path: { id } });
  context.answer(source, () => withRevision(source.yaml, source));
}

const variableColumns: readonly Column[] = [
  { title: "VARIABLE" },
  { title: "DEFAULT" },
  { title: "TAKES", drop: 1, prose: true },
  { title: "WHAT", drop: 2, prose: true },
];

function words({ io: { out } }: Context, game: Game): string {
  const head = facts(out, [
    ["Name", { text: game.name, style: "bold" }],
    ["About", game.description],
    ["State", stateCell(game)],
    ["", game.state.sentence],
    ["Image", game.image.ref ?? "built on the node"],
    ...(game.image.digest === null ? [] : [["Tested", game.image.digest] as const]),
    ["Takes", `${bytes(game.memoryBytes)} of memory, ${game.cpu} ${game.cpu === 1 ? "core" : "cores"}`],
    ...Object.entries(game.ports).map(
      ([port, { protocol, container }]) => [`Port ${port}`, `${container} ${protocol}`] as const,
    ),
    ["Id", game.id],
  ]);
  const rows = Object.entries(game.variables).map(([name, variable]) => [
    name,
    String(variable.default),
    takes(variable),
    variable.label,
  ]);
  return rows.length === 0 ? head : `${head}\n${table(out, variableColumns, rows)}`;
}

function takes(variable: Variable): string {
  switch (variable.type) {
    case "integer":
      return `${variable.min ?? "…"} to ${variable.max ?? "…"}`;
    case "boolean":
      return "true or false";
    case "enum":
      return variable.options.join(", ");
    case "string":
      return variable.secret ? "a secret" : "a text";
  }
}
