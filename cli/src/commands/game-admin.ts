/** game add, edit, disable, enable, rm: templates of one's own, from a file or a whole folder. */
import { lstat, readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { messageOf } from "@playspawn/shared/domain/errors.ts";
import type { GameSource } from "../api/types.ts";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import { agree } from "../output/ask.ts";
import { pick } from "../pick.ts";
import { readInput } from "../session/secret.ts";
import { takeRevision, withRevision, type Noted } from "./revision-note.ts";

interface Given {
  yaml: string;
  files?: { path: string; content: string; encoding: "base64"; executable: boolean }[];
}

export async function add(context: Context, [path = ""]: string[], options: { copyOf?: string }): Promise<void> {
  const api = await context.api();
  const { given } = await read(context, path);
  const source = await api.call("post", "/api/v1/games", { body: { ...given, ...options } });
  done(context, source, "was added");
  if (!source.files.some((file) => file.path === "Dockerfile"))
    context.say("Nodes pull its image only where their PLAYSPAWN_IMAGE_ALLOW has the repository.");
}

export async function edit(
  context: Context,
  [name = "", path = ""]: string[],
  options: { force?: boolean },
): Promise<void> {
  const api = await context.api();
  const id = await idOf(context, name);
  const { given, noted } = await read(context, path);
  // A file written by hand replaces whatever is there now.
  const now = async () => (await api.call("get", "/api/v1/games/{id}/source", { path: { id } })).revision;
  const shown = noted?.id === id ? noted.revision : undefined;
  const body = { ...given, revision: options.force ? null : (shown ?? (await now())) };
  const source = await api.call("put", "/api/v1/games/{id}", { path: { id }, body });
  if (shown !== undefined && path !== "-") await writeBack(path, withRevision(given.yaml, source));
  done(context, source, "was changed");
}

export async function remove(context: Context, [name = ""]: string[]): Promise<void> {
  const api = await context.api();
  const id = await idOf(context, name);
  await agree(context, `Delete the template ${id}?`);
  await api.call("delete", "/api/v1/games/{id}", { path: { id } });
  context.answer({ id }, () => "");
  context.say(`${id} was deleted. Images that nodes have of it stay there.`);
}

export async function disable(context: Context, [name = ""]: string[]): Promise<void> {
  const id = await idOf(context, name);
  const game = await (await context.api()).call("post", "/api/v1/games/{id}/disable", { path: { id } });
  context.answer(game, () => "");
  context.say(`${id} is offered no longer; its servers stay. Offer it again: playspawn game enable ${id}`);
}

export async function enable(context: Context, [name = ""]: string[]): Promise<void> {
  const id = await idOf(context, name);
  const game = await (await context.api()).call("post", "/api/v1/games/{id}/enable", { path: { id } });
  context.answer(game, () => "");
  context.say(`${id} is offered again.`);
}

function done({ answer, say }: Context, source: GameSource, what: string): void {
  answer(source, () => `${source.id}\n`);
  say(`${source.id} ${what}. See whether it works: playspawn game test ${source.id}`);
}

/** One whose template does not load is in no list, but can be named whole. */
export async function idOf(context: Context, name: string): Promise<string> {
  const { items, faults } = await (await context.api()).call("get", "/api/v1/games", {});
  if (faults.some(({ file }) => file.endsWith(`/${name}/game.yaml`))) return name;
  return pick("game", name, items).id;
}

/** @throws Failure */
async function read(context: Context, path: string): Promise<{ given: Given; noted: Noted | undefined }> {
  const { yaml: text, ...beside } = await readAll(context, path);
  const { yaml, noted } = takeRevision(text);
  return { given: { yaml, ...beside }, noted };
}

/** What was just taken back is the newest now: the same file may be changed again. @throws Failure */
async function writeBack(path: string, text: string): Promise<void> {
  try {
    await writeFile((await lstat(path)).isDirectory() ? join(path, "game.yaml") : path, text);
  } catch (error) {
    throw new Failure(
      exits.failure,
      `The template was changed, but its new revision could not be noted in ${path}: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

/** A file, `-`, or a folder with a game.yaml and what stands beside it. @throws Failure */
async function readAll({ io }: Context, path: string): Promise<Given> {
  if (path === "-") return { yaml: await readInput("-", io.stdin) };
  try {
    const found = await lstat(path);
    if (!found.isDirectory()) return { yaml: await readFile(path, "utf8") };
    return { yaml: await readFile(join(path, "game.yaml"), "utf8"), files: await filesOf(path) };
  } catch (error) {
    throw new Failure(exits.usage, `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

const filesMax = 64;

async function filesOf(folder: string): Promise<NonNullable<Given["files"]>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const plain = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const beside = plain.filter((path) => path !== join(folder, "game.yaml"));
  if (beside.length > filesMax) throw usageFailure(`${folder} holds more than ${filesMax} files.`);
  return await Promise.all(
    beside.map(async (path) => ({
      path: relative(folder, path),
      content: (await readFile(path)).toString("base64"),
      encoding: "base64" as const,
      executable: ((await lstat(path)).mode & 0o100) !== 0,
    })),
  );
}
