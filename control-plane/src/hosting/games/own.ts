/**
 * The operator's own templates on disk. A template is checked by the loader itself in a folder beside, and takes its
 * place by a rename, so that what is there is always a template that loads, or the one before.
 */
import type { Dirent } from "node:fs";
import { lstat, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, notFound, type Fault, type Rng } from "@playspawn/shared";
import { syncFolder, writeSynced } from "./durable.ts";
import { gameNames, gamesMax, loadGame, readYaml, rootsOf, type GameFolders, type Root } from "./load.ts";
import type { GameFault } from "./parse.ts";

export interface OwnFile {
  /** Inside the game's folder, e.g. `Dockerfile` or `bots/list.txt`. */
  path: string;
  bytes: Buffer;
  executable: boolean;
}

/** What a folder holds beside its game.yaml. */
export interface Source {
  yaml: string;
  origin: Root["origin"];
  files: OwnFile[];
}

export interface Own {
  /** @throws AppError not_found */
  read(id: string): Promise<Source>;
  /** Nothing is written unless it loads. @throws AppError invalid_request with a fault for each line to be changed */
  write(id: string, yaml: string, files: readonly OwnFile[]): Promise<void>;
  remove(id: string): Promise<void>;
}

const filesMax = 5000;

/** @param move what renames a folder: tests let it fail */
export function own(folders: GameFolders, rng: Rng, move = rename): Own {
  const [mine, shipped] = rootsOf(folders);
  /** A folder for this piece of work alone; whatever it leaves there goes, but for a version that lost its place. */
  const aside = async <T>(work: (beside: string) => Promise<T>): Promise<T> => {
    const beside = join(draftsIn(mine.dir), Buffer.from(rng.bytes(8)).toString("hex"));
    await mkdir(beside, { recursive: true });
    try {
      return await work(beside);
    } finally {
      await putBack(beside, mine.dir);
      await rm(beside, { recursive: true, force: true });
    }
  };
  return {
    async read(id) {
      for (const root of [mine, shipped]) {
        const folder = join(root.dir, id);
        if (!(await isThere(join(folder, "game.yaml")))) continue;
        return { yaml: await readYaml(folder), origin: root.origin, files: await filesOf(folder) };
      }
      throw notFound("game", id);
    },
    write: (id, yaml, files) =>
      aside(async (beside) => {
        await writeFolder(join(beside, id), yaml, files);
        const loaded = await loadGame({ ...mine, dir: beside }, id, folders.contextsDir);
        if ("faults" in loaded) throw refused(loaded.faults);
        const place = join(mine.dir, id);
        if (await isThere(place)) await move(place, join(beside, beforeName(id)));
        else await refuseTooMany(mine.dir);
        await move(join(beside, id), place);
        await syncFolder(mine.dir);
      }),
    // Gone by one rename: half a folder would stand before the shipped game.
    remove: (id) =>
      aside(async (beside) => {
        await move(join(mine.dir, id), join(beside, id));
        await syncFolder(mine.dir);
      }),
  };
}

async function refuseTooMany(dir: string): Promise<void> {
  if ((await gameNames(dir)).length < gamesMax) return;
  throw new AppError(
    "conflict",
    `There are ${gamesMax} games of your own, the most that are loaded: delete one first.`,
  );
}

const beforeName = (id: string): string => `${id}.before`;

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const draftsIn = (dir: string): string => join(dir, ".drafts");

/** Before anything is read: a crash between the two renames left the former version among the drafts. */
export async function mendOwn(dir: string): Promise<void> {
  const drafts = draftsIn(dir);
  for (const name of await readdir(drafts).catch(() => [])) await putBack(join(drafts, name), dir);
  await rm(drafts, { recursive: true, force: true });
}

async function putBack(beside: string, dir: string): Promise<void> {
  for (const inside of await readdir(beside).catch(() => [])) {
    const id = /^(.+)\.before$/.exec(inside)?.[1];
    if (id !== undefined && !(await isThere(join(dir, id)))) await rename(join(beside, inside), join(dir, id));
  }
}

async function writeFolder(folder: string, yaml: string, files: readonly OwnFile[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSynced(join(folder, "game.yaml"), yaml);
  for (const { path, bytes, executable } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeSynced(join(folder, path), bytes, executable ? 0o755 : 0o644);
  }
  await syncFolder(folder);
}

/** @throws AppError invalid_request when it holds what a template cannot */
async function filesOf(folder: string): Promise<OwnFile[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true, recursive: true });
  if (entries.length > filesMax) throw new AppError("invalid_request", `${basename(folder)} holds too many files.`);
  const found: OwnFile[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const full = join(entry.parentPath, entry.name);
    const path = full.slice(folder.length + 1);
    if (path === "game.yaml") continue;
    const { mode } = await lstat(full);
    found.push({ path, bytes: await readFile(full), executable: (mode & 0o100) !== 0 });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function refused(faults: readonly GameFault[]): AppError {
  const [first] = faults;
  const more = faults.length > 1 ? ` and ${faults.length - 1} more` : "";
  const where: Fault[] = faults.map(({ line, reason }) => ({ pointer: "/yaml", detail: reason, line }));
  return new AppError("invalid_request", `The template is wrong: line ${first!.line}: ${first!.reason}${more}.`, {
    faults: where,
  });
}
