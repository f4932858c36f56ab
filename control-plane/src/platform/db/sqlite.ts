/** Databases that are files: SQLite through knex. */
import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type BetterSqlite3 from "better-sqlite3";
import knex, { type Knex } from "knex";
import type { Durability, SqliteFile } from "./place.ts";

/** How long another process (a doctor, a backup) may hold the file before a query fails. */
const busyLimitMs = 5000;
/** A query that waits this long for the one connection has found a deadlock, not a queue. */
const acquireLimitMs = 30_000;

export function openSqlite({ path, durability }: SqliteFile): Knex {
  return knex({
    client: "better-sqlite3",
    connection: { filename: path },
    useNullAsDefault: true,
    // Errors go to the log: they name the statement, never the values, among which are hashes and players' secrets.
    compileSqlOnError: false,
    acquireConnectionTimeout: acquireLimitMs,
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection: BetterSqlite3.Database, done: (error: Error | null, connection: unknown) => void) {
        try {
          setPragmas(connection, durability);
          done(null, connection);
        } catch (error) {
          done(error as Error, connection);
        }
      },
    },
  });
}

function setPragmas(connection: BetterSqlite3.Database, durability: Durability): void {
  connection.pragma(`busy_timeout = ${busyLimitMs}`);
  connection.pragma("journal_mode = WAL");
  connection.pragma(`synchronous = ${durability.toUpperCase()}`);
  connection.pragma("foreign_keys = ON");
  // What is deleted is overwritten: passwords of purged servers must not lie in the file's free pages.
  connection.pragma("secure_delete = ON");
}

/**
 * Brings the write-ahead log into the file and cuts it to nothing: what was overwritten stands in its old frames until
 * then. Left for the next time while another process reads, so that nobody waits for it.
 */
export async function emptyLog(db: Knex): Promise<void> {
  const client = db.client as KnexClient;
  const connection = await client.acquireConnection();
  try {
    connection.pragma("busy_timeout = 0");
    connection.pragma("wal_checkpoint(TRUNCATE)");
  } finally {
    connection.pragma(`busy_timeout = ${busyLimitMs}`);
    await client.releaseConnection(connection);
  }
}

interface KnexClient {
  acquireConnection(): Promise<BetterSqlite3.Database>;
  releaseConnection(connection: BetterSqlite3.Database): Promise<void>;
}

/**
 * A consistent copy of an open database, WAL included, at `<path>.before-<migration>`. One of that name is of a failed
 * try: replaced. Of all copies the newest `keep` stay.
 */
export async function copyFile(db: Knex, path: string, migration: string, keep: number): Promise<void> {
  const to = `${path}.before-${migration}`;
  await rm(to, { force: true });
  await db.raw("VACUUM INTO ?", [to]);
  const prefix = `${basename(path)}.before-`;
  const copies = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort();
  for (const name of copies.slice(0, -keep)) await rm(join(dirname(path), name), { force: true });
}
