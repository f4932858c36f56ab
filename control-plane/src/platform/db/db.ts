/** Opens a database through knex with one connection, and guards that connection against deadlock. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Knex } from "knex";
import type { Place } from "./place.ts";
import { openPostgres } from "./postgres.ts";
import { openSqlite } from "./sqlite.ts";

/** Stores take this first, so that the same function serves in and out of a transaction. */
export type Db = Knex | Knex.Transaction;

const inTransaction = new AsyncLocalStorage<{ open: boolean }>();

/** Nothing is opened before the first query, which then throws what is wrong with the file or the server. */
export function openDatabase(place: Place): Knex {
  const db = place.kind === "sqlite" ? openSqlite(place) : openPostgres(place);
  refuseRootInTransaction(db);
  return db;
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
