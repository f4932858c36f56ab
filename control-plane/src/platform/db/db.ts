/** Opens a SQLite file through knex with one connection, and guards that connection against deadlock. */
import { AsyncLocalStorage } from "node:async_hooks";
import type BetterSqlite3 from "better-sqlite3";
import knex, { type Knex } from "knex";

/** Stores take this first, so that the same function serves in and out of a transaction. */
export type Db = Knex | Knex.Transaction;

export interface DatabaseOptions {
  path: string;
  /** `full`: a committed row survives a power cut. `normal`: the last ones may be lost, the file stays whole. */
  durability: "full" | "normal";
}

/** How long another process (a doctor, a backup) may hold the file before a query fails. */
const busyLimitMs = 5000;
/** A query that waits this long for the one connection has found a deadlock, not a queue. */
const acquireLimitMs = 30_000;

const inTransaction = new AsyncLocalStorage<{ open: boolean }>();

/** @throws the driver's error when the file cannot be opened. */
export function openDatabase({ path, durability }: DatabaseOptions): Knex {
  const db = knex({
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
  refuseRootInTransaction(db);
  return db;
}

function setPragmas(connection: BetterSqlite3.Database, durability: DatabaseOptions["durability"]): void {
  connection.pragma(`busy_timeout = ${busyLimitMs}`);
  connection.pragma("journal_mode = WAL");
  connection.pragma(`synchronous = ${durability.toUpperCase()}`);
  connection.pragma("foreign_keys = ON");
}

/**
 * With one connection, a query on the root inside a transaction waits for ever for the connection that the
 * transaction holds. Every root query and every root transaction asks the root client for a connection: that is the gate.
 */
function refuseRootInTransaction(db: Knex): void {
  const client = db.client as { acquireConnection(): Promise<unknown> };
  const acquire = client.acquireConnection.bind(client);
  client.acquireConnection = async () => {
    if (inTransaction.getStore()?.open)
      throw new Error("a query on the root database inside a transaction: use the transaction's own handle");
    return acquire();
  };
}

/**
 * Runs `work` in one transaction: all of it is stored, or nothing. Given a transaction, joins it.
 * Inside, use only `tx`, and wait for nothing slow.
 */
export async function transaction<T>(db: Db, work: (tx: Knex.Transaction) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db as Knex.Transaction);
  return db.transaction(async (tx) => {
    const scope = { open: true };
    try {
      return await inTransaction.run(scope, () => work(tx));
    } finally {
      scope.open = false;
    }
  });
}
