/**
 * A backup of a platform: a tar, compressed with zstd, that begins with what it is (`manifest.json`) and ends with what
 * must have been read (`contents.json`). Between them parts, each a run of entries under one folder.
 */
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";

/** Grows when an older Playspawn could not restore it. */
export const formatVersion = 1;
export const manifestName = "manifest.json";
export const contentsName = "contents.json";

/** Of the small documents in it, and of each piece of a table. */
export const documentBytesMax = 64 * 1024 ** 2;
export const pathBytesMax = 4096;
/** Of what is written: below any data folder it can be restored to. */
export const writtenPathBytesMax = 3000;
export const notesMax = 1000;

const number = z.number().int().nonnegative();
const text = z.string().max(10_000);

/**
 * How its files are known to be: `asleep` and unused, `saved` by the game before they were copied, `running` while they
 * were, `elsewhere` and not in it, `without` by request, `none` when there are none.
 */
export const copyStates = ["asleep", "saved", "running", "elsewhere", "without", "none"] as const;
export type CopyState = (typeof copyStates)[number];

export const Manifest = z.object({
  format: z.literal("playspawn-backup"),
  version: number,
  /** Of the Playspawn that made it. */
  playspawn: text,
  installation: text,
  /** UTC ms. */
  createdAt: number,
  database: z.enum(["sqlite", "postgresql"]),
  migrations: z.array(text).max(10_000),
  rows: z.record(z.string().max(100), number),
  /** Numbers that were given out, by table. */
  sequences: z.record(z.string().max(100), number),
  /** The node whose identity and files are in it. */
  node: text.nullable(),
  servers: z.array(z.object({ id: text, name: text, game: text, node: text, copy: z.enum(copyStates) })).max(1_000_000),
});
export type Manifest = z.infer<typeof Manifest>;

export const Contents = z.object({
  parts: z
    .array(z.object({ name: text, entries: number, bytes: number, sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .max(1_000_000),
  /** What was left out or changed under the copy, a sentence each. */
  notes: z.array(text).max(notesMax + 1),
});
export type Contents = z.infer<typeof Contents>;
export type Part = Contents["parts"][number];

export type EntryType = "file" | "directory" | "symlink" | "link";

/** One entry. `mtime` in ms UTC. */
export interface Entry {
  /** `agent/servers/srv_…/data/world/level.dat`: where it lies in the data folder: forward slashes, relative, no `.` and no `..`. */
  path: Buffer;
  type: EntryType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  /** Of a symlink: its text. Of a link: the path of the entry that it is another name of. */
  target: Buffer | null;
  /** Has holes. */
  sparse: boolean;
}

export const unusable = (sentence: string, cause?: unknown): AppError =>
  new AppError("backup_unusable", sentence, { cause });

/** What an entry is, for the hash of its part. */
export const summary = ({ path, type, mode, uid, gid, mtime, size, target }: Entry): string =>
  `${JSON.stringify([path.toString("latin1"), type, mode, uid, gid, mtime, size, target?.toString("latin1") ?? null])}\n`;

/**
 * Links are worlds' own business: below a server's volumes (`agent/servers/<id>/data/<volume>/…`) and in templates. One
 * above them would hand another folder of the host to a game.
 */
export function mayBeLink(path: Buffer): boolean {
  const parts = path.toString("latin1").split("/");
  if (parts[0] === "games") return true;
  return parts[0] === "agent" && parts[1] === "servers" && parts[3] === "data" && parts.length > 5;
}

/** A path in a sentence: games choose their names, so neither endless nor with what a terminal would act on. */
export function shown(path: Buffer): string {
  const text = path.toString("utf8").replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, "\uFFFD");
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`;
}

const shownMax = 200;
const folders = ["database", "agent/servers"];

/** `database/servers` of `database/servers/000001.jsonl`, `agent/servers/srv_…` of all below it, `agent` of `agent/node.json`. */
export function partOf(path: Buffer): string {
  const text = path.toString("latin1");
  const folder = folders.find((one) => text.startsWith(`${one}/`));
  const [own = ""] = text.slice(folder ? folder.length + 1 : 0).split("/", 1);
  return folder ? `${folder}/${own}` : own;
}
