/** game add, edit, rm: templates of one's own, from a file or a whole folder. */
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@playspawn/shared/domain/errors.ts";
import type { GameSource } from "../api/types.ts";
import type { Context } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import { agree } from "../output/ask.ts";
import { pick } from "../pick.ts";
import { readInput } from "../session/secret.ts";

interface Given {
  yaml: string;
  files?: { path: string; content: string; encoding: "base64"; executable: boolean }[];
}

export async function add(context: Context, [path = ""]: string[], options: { copyOf?: string }): Promise<void> {
  const api = await context.api();
  const given = await read(context, path);
  const source = await api.call("post", "/api/v1/games", { body: { ...given, ...options } });
  done(context, source, "was added");
}

export async function edit(
  context: Context,
  [name = "", path = ""]: string[],
  options: { force?: boolean },
): Promise<void> {
  const api = await context.api();
  const id = await idOf(context, name);
  const given = await read(context, path);
  const { revision } = await api.call("get", "/api/v1/games/{id}/source", { path: { id } });
  const body = { ...given, revision: options.force ? null : revision };
  done(context, await api.call("put", "/api/v1/games/{id}", { path: { id }, body }), "was changed");
}

export async function remove(context: Context, [name = ""]: string[]): Promise<void> {
  const api = await context.api();
  const id = await idOf(context, name);
  await agree(context, `Delete the template ${id}?`);
  await api.call("delete", "/api/v1/games/{id}", { path: { id } });
  context.answer({ id }, () => "");
  context.say(`${id} was deleted.`);
}

function done({ answer, say }: Context, source: GameSource, what: string): void {
  answer(source, () => `${source.id}\n`);
  say(`${source.id} ${what}. See whether it works: playspawn game test ${source.id}`);
}

/** One whose template does not load is in no list, but can be named whole. */
async function idOf(context: Context, name: string): Promise<string> {
  const { items, faults } = await (await context.api()).call("get", "/api/v1/games", {});
  if (faults.some(({ file }) => file.endsWith(`/${name}/game.yaml`))) return name;
  return pick("game", name, items).id;
}

/** A file, `-`, or a folder with a game.yaml and what stands beside it. @throws Failure */
async function read({ io }: Context, path: string): Promise<Given> {
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
      path: path.slice(join(folder, "/").length),
      content: (await readFile(path)).toString("base64"),
      encoding: "base64" as const,
      executable: ((await lstat(path)).mode & 0o100) !== 0,
    })),
  );
}
