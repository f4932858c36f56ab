import type { Catalogue } from "./catalogue.ts";
import type { LoadedGame } from "./load.ts";
import { publicPortsOf } from "./resolve.ts";
import type { GameList, GameView } from "./schema.ts";

export const presentGame = ({ game, logo, wallpaper }: LoadedGame): GameView => ({
  id: game.id,
  name: game.name,
  description: game.description,
  logo: logo && `/api/v1/games/${game.id}/logo`,
  wallpaper: wallpaper && `/api/v1/games/${game.id}/wallpaper`,
  links: game.links ?? {},
  steamApp: game.steamApp ?? null,
  arch: game.arch ?? null,
  status: game.status ?? null,
  ports: Object.fromEntries(
    publicPortsOf(game).map(([name, { protocol, container }]) => [
      name,
      { protocol, container: container === "public" ? null : container },
    ]),
  ),
  variables: game.variables,
  cpu: game.cpu,
  memoryBytes: game.memory,
});

export function presentGames(games: Catalogue): GameList {
  const { games: loaded, faults } = games.list();
  return { items: loaded.map(presentGame), faults };
}
