/** A copy of a schema beside it, made by the same migrations and filled by the server: to put it back, rename it. */
import type { Knex } from "knex";
import { transaction } from "./db.ts";
import type { Migration } from "./migrations.ts";
import { createMigrations } from "./migration-table.ts";

export interface CopyOptions {
  schema: string;
  /** Those that the schema holds. */
  applied: readonly Migration[];
  /** Name of the copy. */
  to: string;
  /** Of the schemas whose names begin like that only so many stay, the newest by their name; without it, all do. */
  keep?: { prefix: string; newest: number };
}

/** One transaction: a failed try leaves nothing. */
export function copySchema(db: Knex, { schema, applied, to, keep }: CopyOptions): Promise<void> {
  return transaction(db, async (tx) => {
    await tx.raw("SET LOCAL statement_timeout = 0");
    await tx.raw("DROP SCHEMA IF EXISTS ?? CASCADE", [to]);
    await tx.raw("CREATE SCHEMA ??", [to]);
    await tx.raw("SET LOCAL search_path TO ??", [to]);
    await createMigrations(tx);
    for (const migration of applied) await migration.up(tx);
    await fill(tx, schema, to);
    await tx.raw("SET LOCAL search_path TO ??", [schema]);
    const old = keep ? (await copies(tx, keep.prefix)).slice(0, -keep.newest) : [];
    for (const name of old) await tx.raw("DROP SCHEMA ?? CASCADE", [name]);
  });
}

/** In the order in which the tables were made, so that each row finds what it refers to. */
async function fill(tx: Knex.Transaction, from: string, to: string): Promise<void> {
  const tables = await tablesOf(tx, to);
  // What a migration itself wrote stands in the original, too.
  for (const table of tables.toReversed()) await tx.raw("DELETE FROM ??", [`${to}.${table}`]);
  for (const table of tables) {
    // By name: of two that were made in another order the columns stand in another order, too.
    const columns = await columnsOf(tx, to, table);
    const all = columns.map(() => "??").join(", ");
    const [target, source] = [`${to}.${table}`, `${from}.${table}`];
    await tx.raw(`INSERT INTO ?? (${all}) SELECT ${all} FROM ??`, [target, ...columns, ...columns, source]);
  }
  const sequences = (await rowsOf(tx, "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = ?", [
    to,
  ])) as Named[];
  for (const { name } of sequences)
    await tx.raw("SELECT setval(?::regclass, last_value, is_called) FROM ??", [`"${to}"."${name}"`, `${from}.${name}`]);
}

interface Named {
  name: string;
}

const rowsOf = async (tx: Knex.Transaction, sql: string, values: readonly string[]): Promise<unknown[]> =>
  ((await tx.raw(sql, values as string[])) as { rows: unknown[] }).rows;

async function tablesOf(tx: Knex.Transaction, schema: string): Promise<string[]> {
  const sql =
    "SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = ?) ORDER BY oid";
  return ((await rowsOf(tx, sql, [schema])) as Named[]).map(({ name }) => name);
}

async function columnsOf(tx: Knex.Transaction, schema: string, table: string): Promise<string[]> {
  const sql = "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?";
  return ((await rowsOf(tx, sql, [schema, table])) as Named[]).map(({ name }) => name);
}

/** Ours are known by their name and by the table of migrations in them. */
async function copies(tx: Knex.Transaction, prefix: string): Promise<string[]> {
  const sql =
    "SELECT nspname AS name FROM pg_namespace n WHERE starts_with(nspname, ?) AND EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = n.oid AND relname = 'migrations') ORDER BY nspname COLLATE \"C\"";
  return ((await rowsOf(tx, sql, [prefix])) as Named[]).map(({ name }) => name);
}
