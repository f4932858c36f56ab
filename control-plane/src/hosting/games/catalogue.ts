/** The games that can be deployed now. A game whose new file is wrong keeps the version that was loaded before. */
import { AppError } from "@playspawn/shared";
import { contextPath } from "./context-tar.ts";
import { readDisabled, writeDisabled } from "./disabled.ts";
import { loadGames, type GameFolders, type LoadedGame } from "./load.ts";
import type { GameFault } from "./parse.ts";

export interface Catalogue {
  list(): { games: LoadedGame[]; faults: GameFault[] };
  find(id: string): LoadedGame | undefined;
  /** @throws AppError unknown_game */
  get(id: string): LoadedGame;
  /** As `get`, for a new server of it. @throws AppError unknown_game, or conflict when it is disabled */
  offer(id: string): LoadedGame;
  /** Reads the folders again. Games whose folder is gone are gone. @param id only this one */
  reload(id?: string): Promise<void>;
  /** Runs `work` while no folder is read again. */
  inTurn(work: () => Promise<void>): Promise<void>;
  isDisabled(id: string): boolean;
  setDisabled(id: string, disabled: boolean): Promise<void>;
  /** Path of the tar of a build context, whether it exists or not. */
  contextFile(sha256: string): string;
  readonly folders: GameFolders;
  readonly contextsDir: string;
}

interface Read {
  games: Map<string, LoadedGame>;
  faults: GameFault[];
}

export async function catalogue(folders: GameFolders): Promise<Catalogue> {
  let now: Read = { games: new Map(), faults: [] };
  let disabled: ReadonlySet<string> = await readDisabled(folders.ownDir);
  let running = Promise.resolve();
  let next: Promise<void> | undefined;

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = running.then(work);
    running = turn.catch(() => {});
    return turn;
  };
  // Two readings at once would let the older one win. Whoever asks while one runs shares the one after it.
  const reloadAll = (): Promise<void> => {
    next ??= inTurn(async () => {
      next = undefined;
      now = await readAll(folders, now);
    });
    return next;
  };
  const get = (id: string): LoadedGame => {
    const found = now.games.get(id);
    if (found) return found;
    const known = [...now.games.keys()].join(", ") || "none is loaded";
    throw new AppError("unknown_game", `There is no game ${id}. Known games: ${known}.`);
  };
  await reloadAll();

  return {
    list: () => ({ games: [...now.games.values()], faults: now.faults }),
    find: (id) => now.games.get(id),
    get,
    offer(id) {
      const found = get(id);
      if (disabled.has(id))
        throw new AppError("conflict", `${found.game.name} is disabled here, so no new servers are made of it.`);
      return found;
    },
    reload: (id) => (id === undefined ? reloadAll() : inTurn(async () => void (now = await readOne(folders, id, now)))),
    inTurn,
    isDisabled: (id) => disabled.has(id),
    setDisabled: (id, wanted) =>
      inTurn(async () => {
        const changed = new Set(disabled);
        if (wanted) changed.add(id);
        else changed.delete(id);
        await writeDisabled(folders.ownDir, changed);
        disabled = changed;
      }),
    contextFile: (sha256) => contextPath(folders.contextsDir, sha256),
    folders,
    contextsDir: folders.contextsDir,
  };
}

const sorted = (games: Iterable<[string, LoadedGame]>): Map<string, LoadedGame> =>
  new Map([...games].sort(([a], [b]) => (a < b ? -1 : 1)));

async function readAll(folders: GameFolders, before: Read): Promise<Read> {
  const { games, faults, refused } = await loadGames(folders);
  const kept = [...before.games].filter(([id]) => !games.has(id) && refused.has(id));
  return { games: sorted([...games, ...kept]), faults };
}

async function readOne(folders: GameFolders, id: string, before: Read): Promise<Read> {
  const { games, faults, refused } = await loadGames(folders, id);
  const others = [...before.games].filter(([other]) => other !== id || refused.has(id));
  const mine = new RegExp(`/${id}/game\\.yaml$`);
  return {
    games: sorted([...others, ...games]),
    faults: [...before.faults.filter(({ file }) => !mine.test(file)), ...faults],
  };
}
