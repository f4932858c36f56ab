import type { Catalogue } from "./catalogue.ts";
import type { LoadedGame } from "./load.ts";
import type { GameList, GameView } from "./schema.ts";

export const presentGame = ({ game, logo }: LoadedGame): GameView => ({
  id: game.id,
  name: game.name,
  description: game.description,
  logo: logo && `/api/v1/games/${game.id}/logo`,
  ports: Object.fromEntries(
    Object.entries(game.ports).map(([name, { protocol, container }]) => [name, { protocol, container }]),
  ),
  variables: game.variables,
  cpu: game.cpu,
  memoryBytes: game.memory,
});

export function presentGames(games: Catalogue): GameList {
  const { games: loaded, faults } = games.list();
  return { items: loaded.map(presentGame), faults };
}
