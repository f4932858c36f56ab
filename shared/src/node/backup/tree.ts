/** Folders of files into a backup and out of it: owners, modes, times, links and holes as they were. */
import { constants, type Stats } from "node:fs";
import { chmod, lchown, link, lstat, mkdir, open, readdir, readlink, symlink, lutimes } from "node:fs/promises";
import { messageOf } from "../../domain/errors.ts";
import { type Entry, pathBytesMax, unusable } from "./format.ts";
import { syncDisk } from "./sync-disk.ts";
import type { BackupWriter } from "./write.ts";

const pieceBytes = 256 * 1024;
const slash = Buffer.from("/");
export const joinPath = (...parts: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.flatMap((part, i) => [...(i === 0 ? [] : [slash]), Buffer.from(part)]));

export interface TreeOptions {
  /** Folder or file on this machine. */
  from: string;
  /** Its place in the backup. */
  to: string;
  /** Paths below `from` that stay out, relative. */
  skip?(path: string): boolean;
}

/** What vanishes, changes or cannot be read meanwhile is noted, never an error: a game may be at work there. */
export async function addTree(writer: BackupWriter, { from, to, skip }: TreeOptions): Promise<void> {
  // Other names of one file, by device and inode.
  const linked = new Map<string, Buffer>();
  const visit = async (source: Buffer, path: Buffer): Promise<void> => {
    const relative = path.subarray(Buffer.byteLength(to) + 1).toString("utf8");
    if (relative && skip?.(relative)) return;
    if (path.length > pathBytesMax) return writer.note(`${path.toString()} was left out: its name is too long.`);
    const found = await lstat(source).catch(() => undefined);
    if (!found) return writer.note(`${path.toString()} vanished while it was to be read.`);
    const known = found.nlink > 1 && found.isFile() ? linked.get(`${found.dev}:${found.ino}`) : undefined;
    if (known) return await writer.add({ ...entryOf(path, found, "link"), target: known, size: 0 });
    if (found.isFile()) {
      if ((await addFile(writer, source, path)) && found.nlink > 1) linked.set(`${found.dev}:${found.ino}`, path);
      return;
    }
    if (found.isSymbolicLink()) {
      const target = await readlink(source, "buffer").catch(() => undefined);
      if (target) await writer.add({ ...entryOf(path, found, "symlink"), target, size: 0 });
      return;
    }
    if (!found.isDirectory())
      return writer.note(`${path.toString()} was left out: it is neither file, folder nor link.`);
    await writer.add({ ...entryOf(path, found, "directory"), size: 0 });
    const names = await readdir(source, "buffer").catch((error: unknown) => {
      writer.note(`${path.toString()} could not be read: ${messageOf(error)}`);
      return [];
    });
    for (const name of names.sort(Buffer.compare)) await visit(joinPath(source, name), joinPath(path, name));
  };
  await visit(Buffer.from(from), Buffer.from(to));
}

const entryOf = (path: Buffer, stats: Stats, type: Entry["type"]): Entry => ({
  path,
  type,
  mode: stats.mode & 0o7777,
  uid: stats.uid,
  gid: stats.gid,
  mtime: Math.round(stats.mtimeMs),
  size: stats.size,
  target: null,
  sparse: type === "file" && stats.blocks * 512 < stats.size,
});

/** Whether it is in. Its size is the one it had when it was opened: what is missing then is zeros, what came later stays out. */
async function addFile(writer: BackupWriter, source: Buffer, path: Buffer): Promise<boolean> {
  const file = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      writer.note(`${path.toString()} could not be read: ${messageOf(error)}`);
      return undefined;
    },
  );
  if (!file) return false;
  try {
    const before = await file.stat();
    if (!before.isFile()) return false;
    const entry = entryOf(path, before, "file");
    await writer.add(entry, piecesOf(file, entry.size));
    const after = await file.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
      writer.note(`${path.toString()} changed while it was read.`);
    return true;
  } finally {
    await file.close();
  }
}

async function* piecesOf(file: Awaited<ReturnType<typeof open>>, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    const piece = Buffer.alloc(Math.min(pieceBytes, size - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    yield bytesRead === 0 ? piece : piece.subarray(0, bytesRead);
    at += bytesRead || piece.length;
  }
}

export interface Planter {
  /** Puts an entry at its path below the root. Its folder was put before, and nothing at its place. */
  plant(entry: Entry, body: AsyncIterable<Buffer>): Promise<void>;
  /** All that was planted, and whatever else was done on that file system, is on the disk. */
  flush(): Promise<void>;
}

export interface PlanterOptions {
  /** A folder that is there and that nobody else writes to. */
  root: string;
  /** `kept` needs root; `own` makes everything belong to this process. */
  owners: "kept" | "own";
}

/** @throws AppError backup_unusable for entries that do not follow on those before them */
export function planter({ root, owners }: PlanterOptions): Planter {
  let parentKnown = "";
  /** No file is ever written through a link: every folder on the way is looked at. */
  const requireFolders = async (path: Buffer): Promise<void> => {
    const parts = path.toString("latin1").split("/").slice(0, -1);
    const parent = parts.join("/");
    if (parent === parentKnown) return;
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = joinPath(root, Buffer.from(parts.slice(0, depth).join("/"), "latin1"));
      const found = await lstat(folder).catch(() => undefined);
      if (!found?.isDirectory()) throw outOfPlace(path);
    }
    parentKnown = parent;
  };
  const own = async (entry: Entry, path: Buffer): Promise<void> => {
    if (owners === "kept") await lchown(path, entry.uid, entry.gid);
  };
  return {
    flush: () => syncDisk(root),
    async plant(entry, body) {
      const { path } = entry;
      await requireFolders(path);
      const to = joinPath(root, path);
      try {
        if (entry.type === "directory") {
          await mkdir(to, { mode: 0o700 });
          await own(entry, to);
          return await chmod(to, modeOf(entry));
        }
        if (entry.type === "link") {
          // The reader has seen to it that both are below the same part.
          const target = joinPath(root, entry.target!);
          await requireFolders(entry.target!);
          if (!(await lstat(target)).isFile()) throw outOfPlace(path);
          return await link(target, to);
        }
        if (entry.type === "symlink") {
          await symlink(entry.target!, to);
          await own(entry, to);
        } else await plantFile(entry, to, body, owners);
        await lutimes(to, entry.mtime / 1000, entry.mtime / 1000);
      } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        throw ["EEXIST", "ENOENT", "ENOTDIR", "ELOOP"].includes(code) ? outOfPlace(path) : error;
      }
    },
  };
}

const outOfPlace = (path: Buffer): Error =>
  unusable(`${JSON.stringify(path.toString().slice(0, 200))} is out of place: this is no backup that Playspawn made.`);

/** Nobody's rights are lent to others, whoever made the backup. */
const modeOf = ({ mode, type }: Entry): number => mode & (type === "directory" ? 0o3777 : 0o777);

async function plantFile(entry: Entry, to: Buffer, body: AsyncIterable<Buffer>, owners: "kept" | "own"): Promise<void> {
  const file = await open(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    let at = 0;
    for await (const piece of body) {
      if (!(entry.sparse && isZero(piece))) await file.write(piece, 0, piece.length, at);
      at += piece.length;
    }
    await file.truncate(at);
    if (owners === "kept") await file.chown(entry.uid, entry.gid);
    await file.chmod(modeOf(entry));
  } finally {
    await file.close();
  }
}

const zeros = Buffer.alloc(pieceBytes);
function isZero(piece: Buffer): boolean {
  for (let at = 0; at < piece.length; at += zeros.length) {
    const part = piece.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) return false;
  }
  return true;
}
