import type { Catalogue } from "./catalogue.ts";
import type { LoadedGame } from "./load.ts";
import type { GameFault } from "./parse.ts";
import { publicPortsOf } from "./resolve.ts";
import type { GameList, GameState, GameView } from "./schema.ts";
import type { TestRow } from "./test-store.ts";

/** What is known of games beyond their templates. */
export interface Known {
  verdicts: ReadonlyMap<string, TestRow>;
  isRunning(game: string): boolean;
}

export function presentGame(games: Catalogue, loaded: LoadedGame, known: Known): GameView {
  const { game, logo, wallpaper, origin, overrides, revision } = loaded;
  const verdict = known.verdicts.get(game.id);
  return {
    id: game.id,
    name: game.name,
    description: game.description,
    logo: logo && `/api/v1/games/${game.id}/logo`,
    wallpaper: wallpaper && `/api/v1/games/${game.id}/wallpaper`,
    links: game.links ?? {},
    steamApp: game.steamApp ?? null,
    arch: game.arch ?? null,
    status: game.status ?? null,
    state: stateOf(loaded, games.list().faults, verdict, known.isRunning(game.id)),
    origin,
    overrides,
    disabled: games.isDisabled(game.id),
    revision,
    image: {
      ref: "ref" in game.image ? game.image.ref : null,
      digest: verdict?.revision === revision ? verdict.image : null,
    },
    ports: Object.fromEntries(
      publicPortsOf(game).map(([name, { protocol, container, when }]) => [
        name,
        { protocol, container: container === "public" ? null : container, ...(when !== undefined && { when }) },
      ]),
    ),
    variables: game.variables,
    cpu: game.cpu,
    memoryBytes: game.memory,
  };
}

export function presentGames(games: Catalogue, known: Known): GameList {
  const { games: loaded, faults } = games.list();
  return { items: loaded.map((one) => presentGame(games, one, known)), faults };
}

/**
 * A verdict counts for the template that was tested, and what an author says of his for the shipped one as he left it:
 * nobody has tried a copy, a change or a later version yet.
 */
function stateOf(
  { game, revision, origin }: LoadedGame,
  faults: readonly GameFault[],
  verdict: TestRow | undefined,
  isRunning: boolean,
): GameState {
  if (isRunning) return { name: "testing", sentence: "It is being tested now.", at: null };
  if (faultsOf(faults, game.id).length > 0)
    return { name: "faulty", sentence: "Its newer file is wrong, so the version before it counts.", at: null };
  const at = verdict?.ended_at ?? null;
  if (verdict?.revision === revision && verdict.outcome === "passed")
    return { name: "ready", sentence: "It was tested here, and everything works.", at };
  if (verdict?.revision === revision) return { name: "failed", sentence: failedText(verdict), at };
  const { status } = game;
  if (verdict) return { name: "untried", sentence: "It has changed since its last test here.", at: null };
  if (status?.state === "tried" && origin === "shipped") return { name: "ready", sentence: status.note, at: null };
  const said = status?.state === "untried" ? status.note : "Nobody has tested it here yet.";
  return { name: "untried", sentence: said, at: null };
}

/** `Its last test here failed at ports: tv 27020/udp is not bound.`: without what a game printed. */
function failedText({ sentence }: TestRow): string {
  const [first = ""] = sentence.split("\n");
  return `Its last test here failed${first.startsWith("At ") ? ` a${first.slice(1)}` : `. ${first}`}`;
}

export const faultsOf = (faults: readonly GameFault[], id: string): GameFault[] =>
  faults.filter(({ file }) => file.endsWith(`/${id}/game.yaml`));
