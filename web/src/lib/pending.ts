/** Parts of a server that are about to change, as people call them. */
import type { Variable } from "@playspawn/shared/games/game.ts";

interface Labelled {
  variables: Readonly<Record<string, Pick<Variable, "label">>>;
}

const names: Record<string, string> = {
  "/cpu": "Processor",
  "/memoryBytes": "Memory",
  "/image": "Game version",
  "/template": "Other settings of the game",
};

/** `/variables/MAX_PLAYERS` by the label that its game gives it. */
export function partName(part: string, game: Labelled | undefined): string {
  const variable = /^\/variables\/(.+)$/.exec(part)?.[1];
  if (variable === undefined) return names[part] ?? part;
  return game?.variables[variable]?.label ?? variable;
}

/** `Map, Memory and Game mode`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
