/** Folders of files into a backup and out of it: owners, modes, times, links and holes as they were. */
import { constants, type Stats } from "node:fs";
import { chmod, lchown, link, lstat, mkdir, open, readdir, readlink, symlink, lutimes } from "node:fs/promises";
import { messageOf } from "../../domain/errors.ts";
import { bytes } from "../../words/bytes.ts";
import { type Entry, mayBeLink, notesMax, shown, unusable, writtenPathBytesMax } from "./format.ts";
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

/** What vanishes, changes, cannot be read or could not be restored is noted, never an error: a game may be at work there. */
export async function addTree(writer: BackupWriter, { from, to, skip }: TreeOptions): Promise<void> {
  const tree: Tree = {
    writer,
    skip,
    linked: new Map(),
    noted: 0,
    sizes: 0,
    allocated: 0,
    rootBytes: Buffer.byteLength(to),
  };
  await visit(tree, Buffer.from(from), Buffer.from(to));
  if (tree.noted > notesOfTreeMax) writer.note(`${to}: ${tree.noted - notesOfTreeMax} more of the kind.`);
}

/** What is known of a tree while it is read. */
interface Tree {
  writer: BackupWriter;
  skip: TreeOptions["skip"];
  rootBytes: number;
  /** Other names of one file, by device and inode. */
  linked: Map<string, Buffer>;
  noted: number;
  /** Bytes of its files so far: as they are read, and on the disk. */
  sizes: number;
  allocated: number;
}

/** A game must not crowd out what is to be said of others. */
const notesOfTreeMax = 20;

function note(tree: Tree, path: Buffer, what: string): void {
  if (++tree.noted <= notesOfTreeMax) tree.writer.note(`${shown(path)} ${what}`);
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? messageOf(error);

async function visit(tree: Tree, source: Buffer, path: Buffer): Promise<void> {
  const { writer, linked } = tree;
  const relative = path.subarray(tree.rootBytes + 1).toString("utf8");
  if (relative && tree.skip?.(relative)) return;
  if (path.length > writtenPathBytesMax) return note(tree, path, "was left out: its path is too long.");
  const found = await lstat(source).catch(() => undefined);
  if (!found) return note(tree, path, "vanished while it was to be read.");
  const known = mayBeLink(path) && found.isFile() ? linked.get(`${found.dev}:${found.ino}`) : undefined;
  if (known) return await writer.add({ ...entryOf(path, found, "link"), target: known, size: 0 });
  if (found.isFile()) {
    if ((await addFile(tree, source, path)) && found.nlink > 1 && mayBeLink(path))
      linked.set(`${found.dev}:${found.ino}`, path);
    return;
  }
  if (found.isSymbolicLink()) {
    if (!mayBeLink(path)) return note(tree, path, "was left out: it is a link, and none may be there.");
    const target = await readlink(source, "buffer").catch(() => undefined);
    if (target) await writer.add({ ...entryOf(path, found, "symlink"), target, size: 0 });
    return;
  }
  if (!found.isDirectory()) return note(tree, path, "was left out: it is neither file, folder nor link.");
  await writer.add({ ...entryOf(path, found, "directory"), size: 0 });
  const names = await readdir(source, "buffer").catch((error: unknown) => {
    note(tree, path, `could not be read (${codeOf(error)}).`);
    return [];
  });
  for (const name of names.sort(Buffer.compare)) await visit(tree, joinPath(source, name), joinPath(path, name));
}

/** ms UTC. Some file systems keep times that no number holds exactly. */
const timeMax = 8.64e15;

const entryOf = (path: Buffer, stats: Stats, type: Entry["type"]): Entry => ({
  path,
  type,
  mode: stats.mode & 0o7777,
  uid: stats.uid,
  gid: stats.gid,
  mtime: Math.max(-timeMax, Math.min(timeMax, Math.round(stats.mtimeMs))),
  size: stats.size,
  target: null,
  sparse: type === "file" && stats.blocks * 512 < stats.size,
});

/**
 * Holes are read like everything else, some hundred MB in a second, and cost a game nothing: of a tree no more is read
 * than this and a multiple of what it has on the disk. Compressing file systems stay below the multiple.
 */
const holesBytesMax = 16 * 1024 ** 3;
const holesRatioMax = 8;

/** Whether it fits into what may be read of its tree, of which it then is. */
function takeSize(tree: Tree, { size, blocks }: Stats): boolean {
  const [sizes, allocated] = [tree.sizes + size, tree.allocated + blocks * 512];
  if (sizes > holesBytesMax + holesRatioMax * allocated) return false;
  Object.assign(tree, { sizes, allocated });
  return true;
}

/** Whether it is in. Its size is the one it had when it was opened: what is missing then is zeros, what came later stays out. */
async function addFile(tree: Tree, source: Buffer, path: Buffer): Promise<boolean> {
  const { writer } = tree;
  const file = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => note(tree, path, `could not be read (${codeOf(error)}).`),
  );
  if (!file) return false;
  try {
    const before = await file.stat();
    if (!before.isFile()) return false;
    if (!takeSize(tree, before)) {
      note(
        tree,
        path,
        `was left out: of its ${bytes(before.size)} only ${bytes(before.blocks * 512)} are on the disk.`,
      );
      return false;
    }
    const entry = entryOf(path, before, "file");
    await writer.add(entry, piecesOf(file, entry.size));
    const after = await file.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) note(tree, path, "changed while it was read.");
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
  /** What this file system could not take, a sentence each. */
  readonly leftOut: readonly string[];
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
      if (!(await lstat(folder)).isDirectory()) throw outOfPlace(path);
    }
    parentKnown = parent;
  };
  const own = async (entry: Entry, path: Buffer): Promise<void> => {
    if (owners === "kept") await lchown(path, entry.uid, entry.gid);
  };
  const put = async (entry: Entry, body: AsyncIterable<Buffer>): Promise<void> => {
    const { path } = entry;
    await requireFolders(path);
    const to = joinPath(root, path);
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
  };
  const leftOut: string[] = [];
  return {
    leftOut,
    flush: () => syncDisk(root),
    async plant(entry, body) {
      try {
        await put(entry, body);
      } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        // What lies in a folder that was left out, and other names of a file that was.
        const isBelow = code === "ENOENT" && leftOut.length > 0;
        if (!isBelow && !unplantable.includes(code))
          throw ["EEXIST", "ENOENT", "ENOTDIR", "ELOOP"].includes(code) ? outOfPlace(entry.path) : error;
        if (leftOut.length < notesMax)
          leftOut.push(`${shown(entry.path)} was not restored: this disk does not take it (${code}).`);
        else if (leftOut.length === notesMax) leftOut.push("And more of the kind.");
      }
    },
  };
}

/** One file must not keep the rest from being restored. */
const unplantable = ["ENAMETOOLONG", "EILSEQ", "EMLINK"];

const outOfPlace = (path: Buffer): Error =>
  unusable(`${JSON.stringify(shown(path))} is out of place: this is no backup that Playspawn made.`);

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
