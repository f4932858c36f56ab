/** Reads every `games/<id>/` folder. One that is wrong is refused with its faults, the others still load. */
import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { lstat, readFile, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf, type Game } from "@playspawn/shared";
import { writeContext } from "./context-tar.ts";
import { parseGame, type GameFault } from "./parse.ts";
import { findPicture, type Picture } from "./pictures.ts";

export interface LoadedGame {
  game: Game;
  logo: Picture | null;
  wallpaper: Picture | null;
  /** SHA-256 of the build context; null when the image comes from a registry. */
  context: string | null;
}

export interface Loaded {
  games: Map<string, LoadedGame>;
  faults: GameFault[];
  /** Folders that exist and did not load. */
  refused: Set<string>;
}

export interface GameFolders {
  /** Holds one folder per game. */
  gamesDir: string;
  /** Where the tars of build contexts are kept. */
  contextsDir: string;
}

const yamlBytesMax = 64 * 1024;
const gamesMax = 500;
/** What tools leave beside the games. */
const noGames = new Set(["node_modules", "dist-types"]);

/** Never throws for what a game's author did; those are faults. */
export async function loadGames(folders: GameFolders): Promise<Loaded> {
  const loaded: Loaded = { games: new Map(), faults: [], refused: new Set() };
  const names = await gameNames(folders.gamesDir).catch((error: unknown) => {
    loaded.faults.push({ file: folders.gamesDir, line: 1, reason: `cannot be read: ${messageOf(error)}` });
    return [];
  });
  for (const id of names.slice(0, gamesMax)) {
    const result = await loadGame(folders, id);
    if ("game" in result) loaded.games.set(id, result);
    else {
      loaded.faults.push(...result.faults);
      loaded.refused.add(id);
    }
  }
  return loaded;
}

/** Folders, and links to folders: an operator may keep a game elsewhere. */
async function gameNames(gamesDir: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(gamesDir, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || noGames.has(entry.name)) continue;
    const linked = entry.isSymbolicLink() ? await stat(join(gamesDir, entry.name)).catch(() => undefined) : undefined;
    if (entry.isDirectory() || linked?.isDirectory()) names.push(entry.name);
  }
  return names.sort();
}

async function loadGame(folders: GameFolders, id: string): Promise<LoadedGame | { faults: GameFault[] }> {
  const folder = join(folders.gamesDir, id);
  const file = `${basename(folders.gamesDir)}/${id}/game.yaml`;
  const refuse = (reason: string, line = 1): { faults: GameFault[] } => ({ faults: [{ file, line, reason }] });
  try {
    const text = await readYaml(folder);
    const parsed = parseGame(file, text);
    if (!parsed.game) return { faults: parsed.faults };
    if (parsed.game.id !== id)
      return refuse(`id: is ${parsed.game.id}, but the folder is called ${id}; they must be the same`, lineOfId(text));
    const logo = await findPicture(folder, "logo");
    const wallpaper = await findPicture(folder, "wallpaper");
    const shown = [logo, wallpaper].flatMap((picture) => picture?.file ?? []);
    return {
      game: parsed.game,
      logo,
      wallpaper,
      context: await contextOf(parsed.game, folder, folders.contextsDir, shown),
    };
  } catch (error) {
    return refuse(messageOf(error));
  }
}

const lineOfId = (text: string): number => text.split("\n").findIndex((line) => /^["']?id["']?\s*:/.test(line)) + 1;

/** @throws Error with a sentence for the game's author */
async function readYaml(folder: string): Promise<string> {
  const { size } = await requireFile(folder, "game.yaml");
  if (size > yamlBytesMax) throw new Error(`the file has ${size} bytes; at most ${yamlBytesMax} are allowed`);
  const bytes = await readFile(join(folder, "game.yaml"));
  if (!isUtf8(bytes)) throw new Error("the file is no text in UTF-8");
  return bytes.toString("utf8");
}

/** A link could lead out of the folder, and would be missing on the machine that builds. */
async function requireFile(folder: string, name: string): Promise<Stats> {
  const found = await lstat(join(folder, name)).catch(() => undefined);
  if (!found) throw new Error(`there is no ${name} in this folder`);
  if (found.isSymbolicLink()) throw new Error(`${name} is a link: put the file itself here`);
  if (!found.isFile()) throw new Error(`${name} is not a file`);
  return found;
}

async function contextOf(
  game: Game,
  folder: string,
  contexts: string,
  shown: readonly string[],
): Promise<string | null> {
  if ("ref" in game.image) return null;
  await requireFile(folder, "Dockerfile");
  // A better description or picture must not cause a new build.
  return await writeContext(folder, contexts, new Set(["game.yaml", ...shown]));
}
