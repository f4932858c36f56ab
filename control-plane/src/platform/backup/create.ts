/** `playspawn backup create`: the whole platform in one file, beside programs that run. */
import { readFileSync } from "node:fs";
import { chown, readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { AppError, type Ports } from "@playspawn/shared";
import { type CopyState, formatVersion, type Manifest, shown } from "@playspawn/shared/node/backup/format.ts";
import { addTree } from "@playspawn/shared/node/backup/tree.ts";
import { unfinishedFault } from "@playspawn/shared/node/backup/unfinished.ts";
import { type BackupWriter, backupWriter } from "@playspawn/shared/node/backup/write.ts";
import type { Knex } from "knex";
import { openDatabase, transaction } from "../db/db.ts";
import { isPostgres } from "../db/migration-table.ts";
import { refuseUnknown } from "../db/migrate.ts";
import { coreMigrations } from "../db/migrations.ts";
import type { Place } from "../db/place.ts";
import { agentFiles, coreFile, corePlace, skipControlPlane, skipServer } from "./places.ts";
import { type Counted, countTables, writeTables } from "./tables.ts";

export interface CreateOptions {
  dataDir: string;
  databaseUrl: string | null;
  /** Games of the operator's own; null where all are the shipped ones. */
  gamesDir: string | null;
  out: Writable;
  passphrase: string | undefined;
  /** Worlds, too. */
  servers: boolean;
  ports: Ports;
  progress(line: string): void;
  /** Ends it, with the signal's reason. */
  signal?: AbortSignal;
  /** Puts servers to rest that nobody plays on, and says how each is; null where no agent answers. */
  settle(): Promise<ReadonlyMap<string, CopyState> | null>;
}

export interface Created {
  manifest: Manifest;
  notes: readonly string[];
  /** Before compression. */
  bytes: number;
}

const version = (
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as { version: string }
).version;

/** @throws AppError not_found where there is no installation, or what the database throws */
export async function createBackup(options: CreateOptions): Promise<Created> {
  const { dataDir, databaseUrl, progress } = options;
  await requireInstallation(dataDir, databaseUrl);
  const states = options.servers ? await options.settle() : null;
  options.signal?.throwIfAborted();
  // Before the database: what the agent has applied is then never newer than what the database knows.
  const agent = await readAgent(dataDir);
  const place = corePlace(dataDir, databaseUrl);
  const db = openDatabase(place);
  let writer: BackupWriter | undefined;
  try {
    progress("Reading the database.");
    const manifest = await snapshot(db, async (tx) => {
      const counted = await countTables(tx);
      refuseUnknown(place, counted.migrations, coreMigrations);
      const made = await manifestOf(tx, counted, options, { node: agent.node, place, states });
      writer = await backupWriter({ ...options, manifest: made, rng: options.ports.rng });
      await writeTables(tx, writer);
      return made;
    });
    const notes = await addFiles(writer!, agent, manifest, options);
    return { manifest, notes, bytes: writer!.bytes };
  } catch (error) {
    writer?.abort(error as Error);
    throw error;
  } finally {
    await db.destroy();
    if (place.kind === "sqlite") await giveBack(place.path);
  }
}

async function requireInstallation(dataDir: string, databaseUrl: string | null): Promise<void> {
  const fault = unfinishedFault(dataDir);
  if (fault) throw new AppError("conflict", fault);
  const home = await readFile(join(dataDir, "control-plane", "database"), "utf8").catch(() => undefined);
  if (home !== undefined && databaseUrl === null)
    throw new AppError(
      "conflict",
      `The installation in ${dataDir} keeps its data in ${home.trim()}. Set DATABASE_URL to it, as for the control plane.`,
    );
  const core = await stat(coreFile(dataDir)).catch(() => undefined);
  if (!core && home === undefined)
    throw new AppError(
      "not_found",
      `There is no installation in ${dataDir}. Name its data folder with --data-dir or PLAYSPAWN_DATA_DIR.`,
    );
  if (core && databaseUrl !== null)
    throw new AppError(
      "conflict",
      `DATABASE_URL is set, and the installation in ${dataDir} keeps its data in files. Unset it.`,
    );
}

/** One moment of the database, while others write on. */
export async function snapshot<T>(db: Knex, work: (tx: Knex.Transaction) => Promise<T>): Promise<T> {
  if (!isPostgres(db)) return await transaction(db, work);
  return await db.transaction(
    async (tx) => {
      // A backup that is written to a slow disk may pause.
      await tx.raw("SET LOCAL statement_timeout = 0");
      await tx.raw("SET LOCAL idle_in_transaction_session_timeout = 0");
      return await work(tx);
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );
}

interface Facts {
  node: string | null;
  place: Place;
  states: ReadonlyMap<string, CopyState> | null;
}

async function manifestOf(
  tx: Knex.Transaction,
  counted: Counted,
  options: CreateOptions,
  { node, place, states }: Facts,
): Promise<Manifest> {
  const { value: installation } = (await tx("meta").where({ key: "installation_id" }).first()) as { value: string };
  const rows = (await tx("servers").whereNull("removed_at").orderBy("id").select("id", "name", "game", "node_id")) as {
    id: string;
    name: string;
    game: string;
    node_id: string;
  }[];
  const here = new Set(await readdir(serversDir(options.dataDir)).catch(() => []));
  const copyOf = (id: string, of: string): CopyState => {
    if (of !== node && !here.has(id)) return "elsewhere";
    if (!here.has(id)) return "none";
    if (!options.servers) return "without";
    // Without an agent nothing can be asked; its games may still run.
    return states?.get(id) ?? (states ? "asleep" : "running");
  };
  return {
    format: "playspawn-backup",
    version: formatVersion,
    playspawn: version,
    installation,
    createdAt: options.ports.clock.now(),
    database: place.kind,
    ...counted,
    node,
    servers: rows.map(({ node_id, ...row }) => ({ ...row, node: node_id, copy: copyOf(row.id, node_id) })),
  };
}

const serversDir = (dataDir: string): string => join(dataDir, "agent", "servers");

interface Agent {
  node: string | null;
  files: { name: string; bytes: Buffer }[];
}

async function readAgent(dataDir: string): Promise<Agent> {
  const files: Agent["files"] = [];
  for (const name of agentFiles) {
    const bytes = await readFile(join(dataDir, "agent", name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw error;
    });
    if (bytes) files.push({ name, bytes });
  }
  const identity = files.find(({ name }) => name === "node.json" || name === "driven.json");
  const node = identity ? (JSON.parse(identity.bytes.toString("utf8")) as { nodeId: string }).nodeId : null;
  return { node, files };
}

async function addFiles(
  writer: BackupWriter,
  agent: Agent,
  manifest: Manifest,
  options: CreateOptions,
): Promise<readonly string[]> {
  const { dataDir, gamesDir, progress } = options;
  // An operator may have put either elsewhere and left a link.
  const control = await realpath(join(dataDir, "control-plane"));
  await addTree(writer, { from: control, to: "control-plane", skip: skipControlPlane });
  if (gamesDir !== null) await addTree(writer, { from: await realpath(gamesDir).catch(() => gamesDir), to: "games" });
  for (const { name, bytes } of agent.files) await writer.document(`agent/${name}`, bytes);
  if (options.servers) {
    const folders = (await readdir(serversDir(dataDir)).catch((): string[] => [])).toSorted();
    const ids = folders.filter((name) => /^srv_[a-z0-9]{1,40}$/.test(name));
    for (const name of folders.filter((one) => !ids.includes(one)))
      writer.note(`agent/servers/${shown(Buffer.from(name))} was left out: it is no server's.`);
    const names = new Map(manifest.servers.map(({ id, name }) => [id, name]));
    for (const [i, id] of ids.entries()) {
      progress(`Copying server ${i + 1} of ${ids.length}: ${names.get(id) ?? id}.`);
      await addTree(writer, { from: join(serversDir(dataDir), id), to: `agent/servers/${id}`, skip: skipServer });
    }
  }
  return (await writer.finish()).notes;
}

/** Files beside a database belong to whom it belongs to: root must not shut its control plane out. */
async function giveBack(path: string): Promise<void> {
  const { uid, gid } = await stat(path);
  for (const beside of [`${path}-wal`, `${path}-shm`]) await chown(beside, uid, gid).catch(() => undefined);
}
