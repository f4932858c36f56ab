/** The games that can be deployed now. A game whose new file is wrong keeps the version that was loaded before. */
import { AppError } from "@playspawn/shared";
import { contextPath } from "./context-tar.ts";
import { loadGames, type GameFolders, type LoadedGame } from "./load.ts";
import type { GameFault } from "./parse.ts";

export interface Catalogue {
  list(): { games: LoadedGame[]; faults: GameFault[] };
  find(id: string): LoadedGame | undefined;
  /** @throws AppError unknown_game */
  get(id: string): LoadedGame;
  /** Reads the folder again. Games whose folder is gone are gone. */
  reload(): Promise<void>;
  /** Path of the tar of a build context, whether it exists or not. */
  contextFile(sha256: string): string;
  readonly contextsDir: string;
}

export async function catalogue(folders: GameFolders): Promise<Catalogue> {
  let games = new Map<string, LoadedGame>();
  let faults: GameFault[] = [];
  let running = Promise.resolve();
  let next: Promise<void> | undefined;

  const read = async (): Promise<void> => {
    const loaded = await loadGames(folders);
    const kept = [...games].filter(([id]) => !loaded.games.has(id) && loaded.refused.has(id));
    games = new Map([...loaded.games, ...kept].sort(([a], [b]) => (a < b ? -1 : 1)));
    faults = loaded.faults;
  };
  // Two readings at once would let the older one win. Whoever asks while one runs shares the one after it.
  const reload = (): Promise<void> => {
    next ??= running.then(() => {
      next = undefined;
      const reading = read();
      running = reading.catch(() => {});
      return reading;
    });
    return next;
  };
  await reload();

  return {
    list: () => ({ games: [...games.values()], faults }),
    find: (id) => games.get(id),
    get(id) {
      const found = games.get(id);
      if (found) return found;
      const known = [...games.keys()].join(", ") || "none is loaded";
      throw new AppError("unknown_game", `There is no game ${id}. Known games: ${known}.`);
    },
    reload,
    contextFile: (sha256) => contextPath(folders.contextsDir, sha256),
    contextsDir: folders.contextsDir,
  };
}
