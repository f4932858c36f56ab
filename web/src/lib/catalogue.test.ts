import test from "ava";
import { filterCounts, gamesFound, offered, type Listed } from "./catalogue.ts";

const game = (id: string, state: Listed["state"]["name"], more: Partial<Listed> = {}): Listed => ({
  id,
  name: id.toUpperCase(),
  description: "Played by many.",
  disabled: false,
  origin: "shipped",
  state: { name: state },
  ...more,
});
const games = [
  game("zeta", "ready"),
  game("beta", "untried", { description: "Blocks and caves." }),
  game("alpha", "ready", { disabled: true }),
  game("own", "failed", { origin: "own" }),
];
const ids = (found: readonly Listed[]): string[] => found.map(({ id }) => id);

test("a game is found by any words of its name, id or description, within a filter", (t) => {
  t.deepEqual(ids(gamesFound(games, "caves BLOCK")), ["beta"]);
  t.deepEqual(ids(gamesFound(games, "played", "ready")), ["zeta", "alpha"]);
  t.deepEqual(ids(gamesFound(games, "", "attention")), ["own"]);
  t.deepEqual(ids(gamesFound(games, "caves", "own")), []);
  t.deepEqual(filterCounts(games), { all: 4, ready: 2, untried: 1, attention: 1, own: 1 });
});

test("for a new server each game stands under what is known of it, and none that is disabled is there", (t) => {
  const more = [
    game("mine", "untried", { origin: "own" }),
    game("mended", "faulty"),
    game("trying", "testing"),
    game("proved", "ready", { origin: "own" }),
  ];
  const found = offered([...games, ...more]);
  t.deepEqual(Object.fromEntries(Object.entries(found).map(([offer, members]) => [offer, ids(members)])), {
    ready: ["proved", "zeta"],
    needsLook: ["mended", "own"],
    own: ["mine"],
    untried: ["beta", "trying"],
  });
});
