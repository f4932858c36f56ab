/**
 * The operator's own templates on disk. A template is checked by the loader itself in a folder beside, and takes its
 * place by a rename, so that what is there is always a template that loads, or the one before.
 */
import type { Dirent } from "node:fs";
import { lstat, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, notFound, type Fault, type Rng } from "@playspawn/shared";
import { syncFolder, writeSynced } from "./durable.ts";
import { loadGame, readYaml, rootsOf, type GameFolders, type LoadedGame, type Root } from "./load.ts";
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

export function own(folders: GameFolders, rng: Rng): Own {
  const [mine, shipped] = rootsOf(folders);
  const drafts = draftsIn(mine.dir);
  const draft = async <T>(
    template: { id: string; yaml: string; files: readonly OwnFile[] },
    use: (folder: string, loaded: LoadedGame | { faults: GameFault[] }) => Promise<T>,
  ): Promise<T> => {
    const beside = join(drafts, Buffer.from(rng.bytes(8)).toString("hex"));
    try {
      await writeFolder(join(beside, template.id), template.yaml, template.files);
      return await use(
        join(beside, template.id),
        await loadGame({ ...mine, dir: beside }, template.id, folders.contextsDir),
      );
    } finally {
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
      draft({ id, yaml, files }, async (folder, loaded) => {
        if ("faults" in loaded) throw refused(loaded.faults);
        const place = join(mine.dir, id);
        const before = join(dirname(folder), beforeName(id));
        if (await isThere(place)) await rename(place, before);
        await rename(folder, place);
        await syncFolder(mine.dir);
      }),
    async remove(id) {
      await rm(join(mine.dir, id), { recursive: true, force: true });
      await syncFolder(mine.dir);
    },
  };
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
  for (const name of await readdir(drafts).catch(() => []))
    for (const inside of await readdir(join(drafts, name)).catch(() => [])) {
      const id = /^(.+)\.before$/.exec(inside)?.[1];
      if (id !== undefined && !(await isThere(join(dir, id)))) await rename(join(drafts, name, inside), join(dir, id));
    }
  await rm(drafts, { recursive: true, force: true });
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
