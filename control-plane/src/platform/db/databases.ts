/** Opens the two databases of an installation, on files or on PostgreSQL, held by this process alone and up to date. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newId, type Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Ending } from "../ending.ts";
import type { Log } from "../log.ts";
import { openDatabase } from "./db.ts";
import { migrate } from "./migrate.ts";
import { coreMigrations, telemetryMigrations } from "./migrations.ts";
import { type Place, type PostgresSchema, serverOf } from "./place.ts";
import { connectFault, DatabaseAwayError, type DatabaseInUseError, DatabaseUnusableError } from "./postgres-errors.ts";
import { databaseLock } from "./postgres-lock.ts";

export interface Databases {
  /** Truth. */
  db: Knex;
  /** Samples; may be lost. */
  telemetry: Knex;
}

export interface DatabasesOptions {
  /** Of this program, in the data folder. */
  folder: string;
  /** `postgresql://…`; null keeps everything in files in `folder`. */
  databaseUrl: string | null;
  ports: Ports;
  log: Log;
  /** Told once, when another control plane has taken the database: this process must end. */
  onLost(error: DatabaseInUseError): void;
  /** See `PostgresSchema`. */
  answerLimitMs?: number;
}

/** How long a server that is just starting may take; after that an address that was never right is taken for a wrong one. */
const serverWaitMs = 30_000;
const serverStepMs = 500;

/** @throws NewerDatabaseError, DatabaseInUseError, DatabaseUnusableError, DatabaseAwayError, or the system's error */
export async function openDatabases(options: DatabasesOptions, ending: Ending): Promise<Databases> {
  await requireSameHome(options);
  return options.databaseUrl === null
    ? await openFiles(options, ending)
    : await openServer({ ...options, databaseUrl: options.databaseUrl }, ending);
}

async function openFiles({ folder, ports }: DatabasesOptions, ending: Ending): Promise<Databases> {
  const { clock } = ports;
  const core: Place = { kind: "sqlite", path: join(folder, "core.db"), durability: "full" };
  const samples: Place = { kind: "sqlite", path: join(folder, "telemetry.db"), durability: "normal" };
  const open = (place: Place): Knex => opened(place, ending);
  const db = open(core);
  await migrate(db, { place: core, migrations: coreMigrations, clock });
  const telemetry = open(samples);
  await migrate(telemetry, { place: samples, migrations: telemetryMigrations, clock });
  return { db, telemetry };
}

async function openServer(options: DatabasesOptions & { databaseUrl: string }, ending: Ending): Promise<Databases> {
  const { folder, databaseUrl: url, ports, log, onLost } = options;
  const lock = databaseLock({ url, run: newId("run", ports), log, onLost });
  const core: PostgresSchema = { kind: "postgresql", url, schema: "public", durability: "full", session: lock };
  if (options.answerLimitMs !== undefined) core.answerLimitMs = options.answerLimitMs;
  const samples: Place = { kind: "postgresql", url, schema: "telemetry", durability: "normal" };
  const db = opened(core, ending);
  try {
    await untilThere(db, url, { ports, log });
    await migrate(db, { place: core, migrations: coreMigrations, clock: ports.clock });
    await lock.claim(db);
    const telemetry = opened(samples, ending);
    await untilThere(telemetry, url, { ports, log });
    await migrate(telemetry, { place: samples, migrations: telemetryMigrations, clock: ports.clock });
    await writeFile(homeFile(folder), `${serverOf(url)}\n`);
    return { db, telemetry };
  } catch (error) {
    if (error instanceof DatabaseAwayError && !(await isHome(folder, url))) throw neverThere(error);
    // The only fault of the server's own that an operator can mend here: this user may not make tables.
    throw (error as { code?: string }).code === "42501" ? connectFault(error, url) : error;
  }
}

function opened(place: Place, ending: Ending): Knex {
  const db = openDatabase(place);
  ending.onClose(() => db.destroy());
  return db;
}

async function untilThere(db: Knex, url: string, { ports, log }: { ports: Ports; log: Log }): Promise<void> {
  const end = ports.clock.mono() + serverWaitMs;
  for (let tries = 0; ; tries++) {
    try {
      await db.raw("SELECT 1");
      return;
    } catch (error) {
      if (!(error instanceof DatabaseAwayError) || ports.clock.mono() >= end) throw error;
      if (tries === 0) log.warn({ database: serverOf(url), reason: error.message }, "waiting for the database server");
      await ports.timers.sleep(serverStepMs);
    }
  }
}

const neverThere = ({ message }: DatabaseAwayError): DatabaseUnusableError =>
  new DatabaseUnusableError(`${message}. Start it, or correct DATABASE_URL.`);

/** Whether the installation in this folder has its data there already: then the address is right. */
const isHome = async (folder: string, url: string): Promise<boolean> =>
  (await readFile(homeFile(folder), "utf8").catch(() => "")).trim() === serverOf(url);

const homeFile = (folder: string): string => join(folder, "database");

/**
 * An installation lives in files or on a server. Started with the other one by mistake it would look empty, and its
 * node would take its servers for strangers'.
 */
async function requireSameHome({ folder, databaseUrl }: DatabasesOptions): Promise<void> {
  const server = await readFile(homeFile(folder), "utf8").catch(() => undefined);
  if (databaseUrl === null && server !== undefined)
    throw new DatabaseUnusableError(
      `The installation in this data folder keeps its data in ${server.trim()}. Set DATABASE_URL to it, or set PLAYSPAWN_DATA_DIR to another folder.`,
    );
  if (databaseUrl !== null && server === undefined && existsSync(join(folder, "core.db")))
    throw new DatabaseUnusableError(
      "DATABASE_URL is set, and the installation in this data folder keeps its data in files (control-plane/core.db). Unset it, or set PLAYSPAWN_DATA_DIR to another folder.",
    );
}
