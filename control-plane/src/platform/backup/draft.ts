/** The file that a backup is written to: beside its place until it is whole, and never over what was there unasked. */
import { lstat, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { AppError } from "@playspawn/shared";

export interface Draft {
  readonly file: string;
  readonly stream: Writable;
  /** It is whole and on the disk: it gets its name. Answers its bytes. @throws AppError conflict when one came before */
  keep(): Promise<number>;
  /** Nothing is left of it. */
  drop(): Promise<void>;
}

interface Naming {
  /** A folder, or a file. */
  at: string;
  /** Of the file in a folder. */
  name: string;
  /** A file that is there is replaced. */
  force: boolean;
}

/** For its owner's eyes only. @throws AppError invalid_request, conflict */
export async function openDraft({ at, name, force }: Naming): Promise<Draft> {
  const file = await fileAt(at, name);
  const path = `${file}.part`;
  await requireFree(file, force);
  await requireFree(path, force);
  if (force) await rm(path, { force: true });
  const handle = await open(path, "wx", 0o600);
  const stream = handle.createWriteStream();
  stream.on("error", () => undefined);
  return {
    file,
    stream,
    async keep() {
      const whole = await open(path, "r");
      try {
        await whole.sync();
        await requireFree(file, force);
        await rename(path, file);
        return (await whole.stat()).size;
      } finally {
        await whole.close();
      }
    },
    async drop() {
      stream.destroy();
      await rm(path, { force: true });
    },
  };
}

/** A slash at its end says that a folder is meant, though it may be missing. */
async function fileAt(path: string, name: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() || path.endsWith("/") ? join(resolve(path), name) : resolve(path);
}

/** Folders are not made: where a disk is not mounted, a backup would fill the one below. */
async function requireFree(file: string, force: boolean): Promise<void> {
  const folder = await stat(dirname(file)).catch(() => undefined);
  if (!folder?.isDirectory())
    throw new AppError(
      "invalid_request",
      `There is no folder ${dirname(file)} for the backup. Mount its disk or make it, or name another one.`,
    );
  const found = await lstat(file).catch(() => undefined);
  if (!found) return;
  if (!found.isFile())
    throw new AppError(
      "invalid_request",
      `${file} is there, and no regular file: a backup does not replace it. Name another one, or - for standard output.`,
    );
  if (!force) throw new AppError("conflict", `${file} is there already. Name another one, or replace it with --force.`);
}
