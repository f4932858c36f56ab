/** Finding a game among many: by words, and by what is known of it. */

export interface Listed {
  id: string;
  name: string;
  description: string;
  disabled: boolean;
  origin: "shipped" | "own";
  state: { name: "ready" | "untried" | "faulty" | "testing" | "failed" };
}

export const gameFilters = ["all", "ready", "untried", "attention", "own"] as const;
export type GameFilter = (typeof gameFilters)[number];
export const filterNames: Record<GameFilter, string> = {
  all: "All",
  ready: "Ready",
  untried: "Untried",
  attention: "Needs a look",
  own: "Our own",
};

const fits: Record<GameFilter, (game: Listed) => boolean> = {
  all: () => true,
  ready: ({ state }) => state.name === "ready",
  untried: ({ state }) => state.name === "untried" || state.name === "testing",
  attention: ({ state }) => state.name === "failed" || state.name === "faulty",
  own: ({ origin }) => origin === "own",
};

/** Every word must be somewhere in its name, id or description. */
function says({ id, name, description }: Listed, text: string): boolean {
  const hay = `${name} ${id} ${description}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

export const gamesFound = <T extends Listed>(games: readonly T[], text: string, filter: GameFilter = "all"): T[] =>
  games.filter((game) => fits[filter](game) && says(game, text));

/** How many there are under each filter. */
export const filterCounts = (games: readonly Listed[]): Record<GameFilter, number> =>
  Object.fromEntries(gameFilters.map((name) => [name, games.filter(fits[name]).length])) as Record<GameFilter, number>;

export const offers = ["ready", "needsLook", "own", "untried"] as const;
export type Offer = (typeof offers)[number];

function offerOf({ origin, state: { name } }: Listed): Offer {
  if (name === "ready") return "ready";
  if (name === "failed" || name === "faulty") return "needsLook";
  return origin === "own" ? "own" : "untried";
}

/** For a new server: those that are not disabled, by what is known of them, each group by name. */
export function offered<T extends Listed>(games: readonly T[]): Record<Offer, T[]> {
  const open = games.filter(({ disabled }) => !disabled).toSorted((a, b) => a.name.localeCompare(b.name, "en"));
  return { ready: [], needsLook: [], own: [], untried: [], ...Object.groupBy(open, offerOf) };
}
