/**
 * The directory contract of a server's world: `<root>/<id>/data/<volume>/…`, `meta.json`, `logs/console.log`.
 * Sleeping, backup and moving all rely on it. One uid per server.
 */
import { lchown, lstat, mkdir, readdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type ServerSpec } from "@playspawn/shared";
import { z } from "zod";
import { writeAtomically } from "../lib/atomic-file.ts";
import { removeTree } from "../lib/remove-tree.ts";
import { worldIcon } from "./icon.ts";
import { keepRun, readTail } from "./console-log.ts";

/** Fields of a newer agent are ignored. */
const Meta = z.object({
  /** Desired generation of the last start. */
  generation: z.number().int().nonnegative(),
  /** The game ended after it saved; false from before its start on. */
  clean: z.boolean(),
  /** Owner of `data/`. */
  uid: z.number().int().positive(),
  /** Public ports that it was made and last started with; an older agent did not note them. */
  ports: z.array(z.number().int()).optional(),
});
export type Meta = z.infer<typeof Meta>;

export interface ServerFiles {
  /**
   * The folders are there, owned by the server's user. Idempotent. `user` is `uid:gid`.
   * @throws AppError disk_full, start_failed when one of them is a link or no folder
   */
  prepare(server: string, spec: ServerSpec, generation: number): Promise<{ user: string; dataDir: string }>;
  /** null when this server has no files here. */
  meta(server: string): Promise<Meta | null>;
  setMeta(server: string, change: Partial<Meta>): Promise<void>;
  /** Appends the console of one run, named by its start in UTC ms; a run that was kept already is left alone. */
  keepLog(server: string, startedAt: number, lines: readonly string[]): Promise<void>;
  /** The last `tail` lines that were kept, oldest first. */
  keptLog(server: string, tail: number): Promise<string[]>;
  /** The picture that its world brings for lists; null where there is none. */
  icon(server: string, volumes: readonly string[]): Promise<Buffer | null>;
  purge(server: string): Promise<void>;
}

const firstUid = 210_000;
const lastUid = 269_999;
/** Below this, worlds could no longer be saved. */
export const diskFreeMin = 100 * 1024 ** 2;

/** @param root e.g. `<data>/agent/servers` */
export function serverFiles(root: string): ServerFiles {
  const folder = (server: string): string => join(root, server);
  const metaFile = (server: string): string => join(folder(server), "meta.json");
  const logFile = (server: string): string => join(folder(server), "logs", "console.log");
  const uids = uidPool(root);

  const readMeta = async (server: string): Promise<Meta | null> => parseMeta(await readOr(metaFile(server), null));
  const writeMeta = async (server: string, meta: Meta): Promise<void> =>
    writeAtomically(metaFile(server), `${JSON.stringify(meta)}\n`);

  return {
    icon: (server, volumes) => worldIcon(join(folder(server), "data"), volumes),
    async prepare(server, spec, generation) {
      const dataDir = join(folder(server), "data");
      const before = await readMeta(server);
      const { uid, gid } = await ownerOf(spec, () => before?.uid ?? uids.lease(server));
      try {
        await checkSpace(root);
        const volumes = Object.keys(spec.volumes).map((volume) => join(dataDir, volume));
        await mkdir(root, { recursive: true, mode: 0o700 });
        for (const own of [folder(server), join(folder(server), "logs")]) await ensureFolder(own, 0o700);
        for (const given of [dataDir, ...volumes]) await ensureFolder(given, 0o777);
        const owner = await lstat(dataDir);
        if (owner.uid !== uid || owner.gid !== gid) await chownAll(dataDir, uid, gid);
        else for (const volume of volumes) await lchown(volume, uid, gid);
        const first = { clean: true, ports: spec.ports.map((port) => port.public) };
        if (before?.uid !== uid) await writeMeta(server, { ...first, ...before, generation, uid });
      } catch (error) {
        throw asDiskFull(error, root);
      }
      return { user: `${uid}:${gid}`, dataDir };
    },
    meta: readMeta,
    async setMeta(server, change) {
      const meta = await readMeta(server);
      if (!meta) return;
      const next = { ...meta, ...change };
      if (JSON.stringify(next) !== JSON.stringify(meta)) await writeMeta(server, next);
    },
    keepLog: (server, startedAt, lines) => keepRun(logFile(server), startedAt, lines),
    keptLog: (server, tail) => readTail(logFile(server), tail),
    async purge(server) {
      await removeTree(folder(server));
      uids.free(server);
    },
  };
}

function parseMeta(text: string | null): Meta | null {
  if (text === null) return null;
  try {
    return Meta.parse(JSON.parse(text));
  } catch {
    // A torn file can only be one that was never needed yet: writes are atomic. The folder is adopted anew.
    return null;
  }
}

async function readOr<T>(path: string, otherwise: T): Promise<string | T> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw error;
  }
}

async function ownerOf(spec: ServerSpec, own: () => number | Promise<number>): Promise<{ uid: number; gid: number }> {
  if (spec.user === "auto") {
    const uid = await own();
    return { uid, gid: uid };
  }
  const [uid, gid] = spec.user.split(":").map(Number);
  return { uid: uid!, gid: gid! };
}

/** Hands every server a uid that no other server's files have. */
function uidPool(root: string): { lease(server: string): Promise<number>; free(server: string): void } {
  const leased = new Map<string, number>();
  let known: Promise<void> | undefined;
  const learn = async (): Promise<void> => {
    for (const server of await readdir(root).catch(() => [])) {
      const meta = parseMeta(await readOr(join(root, server, "meta.json"), null));
      if (meta) leased.set(server, meta.uid);
    }
  };
  return {
    async lease(server) {
      known ??= learn();
      await known;
      const mine = leased.get(server);
      if (mine !== undefined) return mine;
      const taken = new Set(leased.values());
      for (let uid = firstUid; uid <= lastUid; uid++) {
        if (taken.has(uid)) continue;
        leased.set(server, uid);
        return uid;
      }
      throw new AppError("conflict", `All ${lastUid - firstUid + 1} user ids for servers are in use on this node.`);
    },
    free: (server) => void leased.delete(server),
  };
}

/** What is mounted into a game, or written to as root, is our own: a link would hand another folder of the host to it. */
async function ensureFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const found = await lstat(path);
  if (found.isDirectory()) return;
  throw new AppError(
    "start_failed",
    `${path} is ${found.isSymbolicLink() ? "a link" : "no folder"}, and a game gets no other folder of this machine. Put a real folder there; a disk of its own is mounted, not linked.`,
  );
}

/** The folder itself comes last: it belongs to its owner only once everything in it does. */
async function chownAll(path: string, uid: number, gid: number): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await chownAll(child, uid, gid);
    else await lchown(child, uid, gid);
  }
  await lchown(path, uid, gid);
}

/** @throws AppError disk_full when worlds could no longer be saved on this file system */
export async function checkSpace(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const free = bavail * bsize;
  if (free >= diskFreeMin) return;
  const mib = (bytes: number): number => Math.floor(bytes / 1024 ** 2);
  throw new AppError(
    "disk_full",
    `The disk under ${path} has ${mib(free)} MB left, and servers need at least ${mib(diskFreeMin)} MB to save their worlds. Free some space.`,
  );
}

function asDiskFull(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new AppError("disk_full", `The disk under ${path} is full. Free some space.`, { cause: error });
}
