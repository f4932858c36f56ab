/** `playspawn backup restore`: an empty data folder becomes the installation of a backup, wholly or not at all. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { AppError, type Ports } from "@playspawn/shared";
import { mendAgent } from "@playspawn/shared/node/backup/agent-state.ts";
import { type Contents, type Entry, type Manifest, unusable } from "@playspawn/shared/node/backup/format.ts";
import { bytesOf, type Opener, readBackup, type Visitor } from "@playspawn/shared/node/backup/read.ts";
import { stagedFolder } from "@playspawn/shared/node/backup/staged.ts";
import { planter } from "@playspawn/shared/node/backup/tree.ts";
import { unfinishedFile } from "@playspawn/shared/node/backup/unfinished.ts";
import { count } from "@playspawn/shared/words/count.ts";
import type { Knex } from "knex";
import { openDatabase, transaction } from "../db/db.ts";
import { migrate } from "../db/migrate.ts";
import { coreMigrations, type Migration } from "../db/migrations.ts";
import { type Place, serverOf } from "../db/place.ts";
import { copySchema } from "../db/postgres-copy.ts";
import { withoutLimit } from "../db/postgres.ts";
import { flushFolder, giveTo, hasFiles, writeFlushed } from "./files.ts";
import { requireUnused } from "./in-use.ts";
import { coreFile, corePlace } from "./places.ts";
import { emptyTables, insertRows, loadPiece, restoreSequences, rowsOf, tableOf, tables } from "./tables.ts";

export interface RestoreOptions {
  dataDir: string;
  databaseUrl: string | null;
  source: Readable;
  opener: Opener;
  /** An installation that is there is moved aside. */
  replace: boolean;
  ports: Ports;
  progress(line: string): void;
  /** Tests end the process here. */
  at?(point: "extracted" | "marked" | "loaded" | "moved"): void;
}

export interface Restored {
  manifest: Manifest;
  contents: Contents;
  /** Where the installation that was there lies now. */
  aside: string | null;
}

/** What is restored to the data folder, in the order in which it is put in its place. */
const moved = ["agent", "games", "control-plane"] as const;
/** Left on the disk, so that what was restored can start. */
const reserveBytes = 256 * 1024 ** 2;

/**
 * Nothing changes before the whole backup is read, checked and lies beside. Nothing starts between the first change and
 * the last; whoever is interrupted there restores again.
 * @throws AppError backup_unusable, conflict, disk_full; what the database throws
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { dataDir, databaseUrl, replace, progress } = options;
  await mkdir(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  const release = await requireUnused(dataDir);
  try {
    if (!replace) await requireEmpty(options);
    if (!replace && databaseUrl !== null) await requireEmptyServer(dataDir, databaseUrl);
    const beside = join(dataDir, ".restoring");
    await rm(beside, { recursive: true, force: true });
    try {
      await mkdir(beside, { mode: 0o700 });
      const { manifest, contents } = await extractTo(beside, { ...options, parts: "all" });
      options.at?.("extracted");
      progress("All of it is whole. Putting it in its place.");
      const owner = await stat(join(dataDir, "run"));
      const marked = existsSync(unfinishedFile(dataDir));
      await writeFlushed(
        unfinishedFile(dataDir),
        `A backup of ${manifest.installation} is being restored here.\n`,
        owner,
      );
      options.at?.("marked");
      if (databaseUrl !== null) await loadServer(beside, databaseUrl, { ...options, manifest, marked });
      options.at?.("loaded");
      await giveTo(join(beside, "control-plane"), owner);
      const aside = await exchange(dataDir, beside, options);
      await rm(unfinishedFile(dataDir));
      await flushFolder(join(dataDir, "run"));
      return { manifest, contents, aside };
    } finally {
      await rm(beside, { recursive: true, force: true });
    }
  } finally {
    release();
  }
}

/** What an installation cannot do without. */
const signs = [
  "control-plane/core.db",
  "control-plane/database",
  "control-plane/secret.key",
  "agent/node.json",
  "agent/driven.json",
];

async function requireEmpty({ dataDir }: RestoreOptions): Promise<void> {
  // What an interrupted restore left is put aside by the next one.
  if (existsSync(unfinishedFile(dataDir))) return;
  const servers = await readdir(join(dataDir, "agent", "servers")).catch(() => []);
  const sign =
    signs.find((name) => existsSync(join(dataDir, name))) ?? (servers.length > 0 ? "agent/servers" : undefined);
  if (sign)
    throw new AppError(
      "conflict",
      `${dataDir} is not empty: it holds an installation (${sign}). Name an empty folder with --data-dir, or restore with --replace, which moves what is there aside.`,
    );
}

/** What is read of a backup: `control-plane` leaves out what is the agent's. */
export interface Extraction extends Pick<RestoreOptions, "source" | "opener" | "ports" | "progress"> {
  parts: "all" | "control-plane";
}

/** Its notes are those of the backup, and what this disk could not take. */
export async function extractTo(
  beside: string,
  options: Extraction,
): Promise<{ manifest: Manifest; contents: Contents }> {
  const { source, opener, progress, ports } = options;
  await mkdir(join(beside, "control-plane"), { mode: 0o700 });
  await mkdir(join(beside, "agent", "servers"), { recursive: true, mode: 0o700 });
  const kept = process.getuid?.() === 0;
  const plant = planter({ root: beside, owners: kept ? "kept" : "own" });
  const room = await roomOf(beside);
  let core: CoreFile | undefined;
  let part = "";
  const visitor: Visitor = {
    async manifest(manifest) {
      core = await openCore(beside, manifest, ports);
      progress(`A backup of ${count(manifest.servers.length, "server")}, made by Playspawn ${manifest.playspawn}.`);
    },
    async entry(entry, body) {
      const name = entry.path.toString("utf8");
      if (options.parts === "control-plane" && name.startsWith("agent/")) return;
      room.take(entry);
      if (name.startsWith("database/")) return core!.take(tableOf(entry), await bytesOf(entry.size, body));
      if (["control-plane", "agent", "agent/servers"].includes(name) && entry.type === "directory") return;
      requireKnown(name);
      const server = /^agent\/servers\/([^/]+)/.exec(name)?.[1] ?? "";
      if (server !== part && server) progress(`Restoring the files of ${server}.`);
      part = server;
      await plant.plant(entry, body);
    },
  };
  try {
    const read = await readBackup(source, opener, visitor);
    await core!.end(read.manifest);
    await mendAgent(join(beside, "agent"));
    await plant.flush();
    const { manifest, contents } = read;
    return { manifest, contents: { ...contents, notes: [...contents.notes, ...plant.leftOut] } };
  } finally {
    // An open database keeps a process alive.
    await core?.close();
  }
}

/** The reader has seen to links. */
function requireKnown(name: string): void {
  const isWorld = /^agent\/servers\/srv_[a-z0-9]{1,40}(\/|$)/.test(name);
  if (isWorld || /^agent\/[\w.-]+$/.test(name) || /^games(\/|$)/.test(name) || name.startsWith("control-plane/"))
    return;
  throw unusable(`${JSON.stringify(name.slice(0, 200))} belongs nowhere: this is no backup that Playspawn made.`);
}

/** @throws AppError disk_full before the disk is */
async function roomOf(folder: string): Promise<{ take(entry: Entry): void }> {
  const { bavail, bsize } = await statfs(folder);
  let left = bavail * bsize - reserveBytes;
  return {
    take({ size, sparse }) {
      if (!sparse) left -= size;
      if (left >= 0) return;
      throw new AppError(
        "disk_full",
        `The disk under ${dirname(folder)} is too small for what is in this backup. Free some space, or restore to another disk.`,
      );
    },
  };
}

interface CoreFile {
  take(table: string, bytes: Buffer): Promise<void>;
  /** All rows are in. @throws AppError backup_unusable unless they are those of the manifest */
  end(manifest: Manifest): Promise<void>;
  close(): Promise<void>;
}

/** The database as a file beside, whichever database it is for: whatever does not fit is found here. */
async function openCore(beside: string, manifest: Manifest, ports: Ports): Promise<CoreFile> {
  const place: Place = { kind: "sqlite", path: coreFile(beside), durability: "normal" };
  const db = openDatabase(place);
  try {
    await migrate(db, { place, migrations: migrationsOf(manifest), clock: ports.clock });
    await transaction(db, emptyTables);
    await db.raw("PRAGMA foreign_keys = OFF");
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const read: Record<string, number> = {};
  return {
    async take(table, bytes) {
      const rows = await transaction(db, (tx) => loadPiece(tx, table, bytes));
      read[table] = (read[table] ?? 0) + rows;
    },
    async end({ rows, sequences }) {
      await transaction(db, (tx) => restoreSequences(tx, sequences));
      const strays = (await db.raw("PRAGMA foreign_key_check")) as unknown[];
      if (strays.length > 0) throw unusable("Rows of this backup refer to others that are not in it.");
      for (const { name } of tables)
        if ((rows[name] ?? 0) !== (read[name] ?? 0))
          throw unusable(`Rows of the table ${name} are missing in this backup.`);
      await migrate(db, { place, migrations: coreMigrations, clock: ports.clock });
      await removeCopies(join(beside, "control-plane"));
      await db.raw("PRAGMA wal_checkpoint(TRUNCATE)");
    },
    close: () => db.destroy(),
  };
}

/** What a migration copies first is the backup itself. */
async function removeCopies(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith("core.db.before-")) await rm(join(folder, name));
}

/** Those that the rows are of; newer ones run on top of them. @throws AppError backup_unusable */
export function migrationsOf({ migrations, playspawn }: Manifest): Migration[] {
  const known = new Set(coreMigrations.map(({ name }) => name));
  const unknown = migrations.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw unusable(
      `This backup was made by a newer Playspawn (${playspawn}): its database holds ${unknown.join(", ")}. Restore it with that version.`,
    );
  return coreMigrations.filter(({ name }) => migrations.includes(name));
}

interface Loading {
  manifest: Manifest;
  replace: boolean;
  /** An earlier try may have filled it. */
  marked: boolean;
  ports: Ports;
  progress(line: string): void;
}

/** From the file beside into an empty PostgreSQL, in one transaction. */
export async function loadServer(beside: string, url: string, { manifest, ...how }: Loading): Promise<void> {
  const place = corePlace("", url);
  const to = openDatabase(place);
  const from = openDatabase({ kind: "sqlite", path: coreFile(beside), durability: "normal" });
  try {
    await migrate(to, { place, migrations: coreMigrations, clock: how.ports.clock });
    if (await isUsed(to)) await putAside(to, url, { manifest, ...how });
    await to.transaction(async (tx) => {
      await tx.raw("SET LOCAL statement_timeout = 0");
      await tx.raw("SET LOCAL idle_in_transaction_session_timeout = 0");
      await emptyTables(tx);
      await copyRows(from, tx);
      await restoreSequences(tx, manifest.sequences);
    });
  } finally {
    await Promise.all([to.destroy(), from.destroy()]);
  }
  await rm(coreFile(beside));
  await writeFlushed(join(beside, "control-plane", "database"), `${serverOf(url)}\n`);
}

const rowsAtOnce = 500;

async function copyRows(from: Knex, tx: Knex.Transaction): Promise<void> {
  await from.transaction(async (reading) => {
    for (const table of tables) {
      let rows: Parameters<typeof insertRows>[2][number][] = [];
      for await (const row of rowsOf(reading, table)) {
        rows.push(row);
        if (rows.length < rowsAtOnce) continue;
        await insertRows(tx, table, rows);
        rows = [];
      }
      await insertRows(tx, table, rows);
    }
  });
}

/** Before anything is read: who waits for gigabytes is not to hear of it then. */
async function requireEmptyServer(dataDir: string, url: string): Promise<void> {
  if (existsSync(unfinishedFile(dataDir))) return;
  const db = openDatabase(corePlace("", url));
  try {
    if ((await db.schema.hasTable("users")) && (await isUsed(db))) throw notEmptyServer(url);
  } finally {
    await db.destroy();
  }
}

const isUsed = async (db: Knex): Promise<boolean> =>
  ((await db("users").first("id")) ?? (await db("servers").first("id"))) !== undefined;

/** As a schema beside. @throws AppError conflict unless the installation there is to be replaced */
async function putAside(db: Knex, url: string, { replace, marked, ports, progress }: Loading): Promise<void> {
  if (marked) return;
  if (!replace) throw notEmptyServer(url);
  // Not named like the copies before migrations, of which only the newest stay: nobody but the operator drops it.
  const copy = { schema: "public", applied: coreMigrations, to: `replaced_${ports.clock.now()}` };
  await withoutLimit(() => copySchema(db, copy));
  progress(`What was in the database lies in its schema ${copy.to}.`);
}

const notEmptyServer = (url: string): AppError =>
  new AppError(
    "conflict",
    `The database ${serverOf(url)} is not empty. Name another one in DATABASE_URL, or restore with --replace, which puts what is there aside.`,
  );

/** Puts what lies beside in its place, and what was there aside. */
async function exchange(dataDir: string, beside: string, { ports, at }: RestoreOptions): Promise<string | null> {
  const stamp = String(ports.clock.now());
  const aside = join(dataDir, `before-restore-${stamp}`);
  let hasAside = false;
  for (const name of moved) {
    const [from, to] = [join(beside, name), join(dataDir, name)];
    if (await hasFiles(to)) {
      await mkdir(aside, { recursive: true, mode: 0o700 });
      await rename(to, join(aside, name));
      hasAside = true;
    } else if (existsSync(from)) await rm(to, { recursive: true, force: true });
    if (existsSync(from)) await rename(from, to);
    at?.("moved");
  }
  await rm(join(dataDir, "run", "join-token"), { force: true });
  // An upload whose turn is not over would be put over it by the next start.
  await rm(stagedFolder(dataDir), { recursive: true, force: true });
  await flushFolder(dataDir);
  return hasAside ? aside : null;
}
