/**
 * Reads every `<id>/` folder of two roots: the games that are shipped, and the operator's own, which stand before a
 * shipped one of the same id. One that is wrong is refused with its faults, the others still load.
 */
import { createHash } from "node:crypto";
import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { lstat, readFile, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf, type Game } from "@playspawn/shared";
import { writeContext } from "./context-tar.ts";
import { parseGame, type GameFault } from "./parse.ts";
import { findPicture, type Picture } from "./pictures.ts";

export type Origin = "shipped" | "own";

export interface LoadedGame {
  game: Game;
  origin: Origin;
  /** Own, and a shipped one of the same id stands behind it. */
  overrides: boolean;
  /** Changes with everything in its folder that counts. */
  revision: string;
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
  /** Holds one folder per game; read only. */
  gamesDir: string;
  /** The same for the games that operators make here; need not exist. */
  ownDir: string;
  /** Where the tars of build contexts are kept. */
  contextsDir: string;
}

const yamlBytesMax = 64 * 1024;
/** In each of the two roots. */
export const gamesMax = 500;
/** What tools leave beside the games. */
const noGames = new Set(["node_modules", "dist-types"]);

export interface Root {
  dir: string;
  /** What its files are called in faults. */
  label: string;
  origin: Origin;
}

export const rootsOf = ({ gamesDir, ownDir }: Pick<GameFolders, "gamesDir" | "ownDir">): [Root, Root] => [
  { dir: ownDir, label: "control-plane/games", origin: "own" },
  { dir: gamesDir, label: basename(gamesDir), origin: "shipped" },
];

/** Never throws for what a game's author did; those are faults. @param only one id; the others are left out */
export async function loadGames(folders: GameFolders, only?: string): Promise<Loaded> {
  const loaded: Loaded = { games: new Map(), faults: [], refused: new Set() };
  for (const root of rootsOf(folders)) {
    const names = await namesIn(root, loaded.faults);
    if (names.length > gamesMax && only === undefined) loaded.faults.push(tooMany(root, names.length));
    for (const id of names.slice(0, gamesMax)) {
      if (only !== undefined && id !== only) continue;
      const before = loaded.games.get(id);
      if (before) before.overrides = true;
      // An own template that is broken must not give way to another in silence.
      if (before || loaded.refused.has(id)) continue;
      const result = await loadGame(root, id, folders.contextsDir);
      if ("game" in result) loaded.games.set(id, result);
      else {
        loaded.faults.push(...result.faults);
        loaded.refused.add(id);
      }
    }
  }
  return loaded;
}

const tooMany = ({ label }: Root, count: number): GameFault => ({
  file: label,
  line: 1,
  pointer: "",
  reason: `holds ${count} games; only the first ${gamesMax} by name are loaded`,
});

async function namesIn({ dir, origin }: Root, faults: GameFault[]): Promise<string[]> {
  try {
    return await gameNames(dir);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (origin === "shipped" || !isMissing)
      faults.push({ file: dir, line: 1, pointer: "", reason: `cannot be read: ${messageOf(error)}` });
    return [];
  }
}

/** Folders, and links to folders: an operator may keep a game elsewhere. */
export async function gameNames(gamesDir: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(gamesDir, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || noGames.has(entry.name)) continue;
    const linked = entry.isSymbolicLink() ? await stat(join(gamesDir, entry.name)).catch(() => undefined) : undefined;
    if (entry.isDirectory() || linked?.isDirectory()) names.push(entry.name);
  }
  return names.sort();
}

export async function loadGame(
  { dir, label, origin }: Root,
  id: string,
  contextsDir: string,
): Promise<LoadedGame | { faults: GameFault[] }> {
  const folder = join(dir, id);
  const file = `${label}/${id}/game.yaml`;
  const refuse = (reason: string, line = 1, pointer = ""): { faults: GameFault[] } => ({
    faults: [{ file, line, pointer, reason }],
  });
  try {
    const text = await readYaml(folder);
    const parsed = parseGame(file, text);
    if (!parsed.game) return { faults: parsed.faults };
    if (parsed.game.id !== id) {
      const reason = `id: is ${parsed.game.id}, but the folder is called ${id}; they must be the same`;
      return refuse(reason, lineOfId(text), "/id");
    }
    const logo = await findPicture(folder, "logo");
    const wallpaper = await findPicture(folder, "wallpaper");
    const pictures = [logo, wallpaper].flatMap((picture) => picture ?? []);
    const shown = pictures.map((picture) => picture.file);
    const context = await contextOf(parsed.game, folder, contextsDir, shown);
    const looks = await Promise.all(pictures.map(async ({ file: name, path }) => [name, hash(await readFile(path))]));
    const revision = hash(JSON.stringify([origin, text, context, looks])).slice(0, 32);
    return { game: parsed.game, origin, overrides: false, revision, logo, wallpaper, context };
  } catch (error) {
    return refuse(messageOf(error));
  }
}

const hash = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

const lineOfId = (text: string): number => text.split("\n").findIndex((line) => /^["']?id["']?\s*:/.test(line)) + 1;

/** @throws Error with a sentence for the game's author */
export async function readYaml(folder: string): Promise<string> {
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
