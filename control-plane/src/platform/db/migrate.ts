/** Brings a database to this program's schema: one transaction per migration, after a copy of the whole. */
import type { Clock } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction } from "./db.ts";
import { createMigrations } from "./migration-table.ts";
import type { Migration } from "./migrations.ts";
import { nameOf, type Place } from "./place.ts";
import { withoutLimit } from "./postgres.ts";
import { copySchema } from "./postgres-copy.ts";
import { copyFile } from "./sqlite.ts";

/** The database was written by a newer Playspawn. Its message is a sentence for the operator. */
export class NewerDatabaseError extends Error {
  override readonly name = "NewerDatabaseError";
}

/** Copies that stay, each of the time before an upgrade. */
const copiesKept = 3;

export interface MigrateOptions {
  place: Place;
  migrations: readonly Migration[];
  clock: Clock;
}

/**
 * Runs the pending ones of `migrations` on the database at `place`, which `db` has open. Where there is something to
 * lose it is copied first: a file to `<path>.before-<first pending migration>`, a schema to one named like that.
 * @throws NewerDatabaseError when the database holds a migration that this program does not know.
 */
export async function migrate(db: Knex, { place, migrations, clock }: MigrateOptions): Promise<void> {
  if (place.kind === "postgresql") await ensureSchema(db, place.schema);
  await createMigrations(db);
  const applied: string[] = await db("migrations").orderBy("name").pluck("name");
  refuseUnknown(place, applied, migrations);
  const pending = migrations.filter((migration) => !applied.includes(migration.name));
  if (pending.length === 0) return;
  await withoutLimit(async () => {
    if (applied.length > 0) await copyFirst(db, place, migrations, pending[0]!.name);
    for (const migration of pending)
      await transaction(db, async (tx) => {
        await liftLimit(tx, place);
        await migration.up(tx);
        await tx("migrations").insert({ name: migration.name, applied_at: clock.now() });
      });
  });
}

/** @throws NewerDatabaseError */
export function refuseUnknown(place: Place, applied: readonly string[], migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new NewerDatabaseError(
      `The database ${nameOf(place)} was written by a newer Playspawn (it holds ${unknown.join(", ")}). ` +
        "Start that version again, or put back the copy it made before it changed the database.",
    );
}

async function copyFirst(db: Knex, place: Place, migrations: readonly Migration[], before: string): Promise<void> {
  if (place.kind === "sqlite") return await copyFile(db, place.path, before, copiesKept);
  const names = new Set<string>(await db("migrations").pluck("name"));
  const applied = migrations.filter(({ name }) => names.has(name));
  const { schema } = place;
  const prefix = schema === "public" ? "before_" : `${schema}_before_`;
  await copySchema(db, { schema, applied, to: prefix + before, keep: { prefix, newest: copiesKept } });
}

/** Asked first, because `IF NOT EXISTS` wants the right to create also where nothing is created. */
async function ensureSchema(db: Knex, schema: string): Promise<void> {
  const found = (await db.raw("SELECT 1 FROM pg_namespace WHERE nspname = ?", [schema])) as { rows: unknown[] };
  if (found.rows.length === 0) await db.raw("CREATE SCHEMA ??", [schema]);
}

const liftLimit = async (tx: Knex.Transaction, place: Place): Promise<void> => {
  if (place.kind === "postgresql") await tx.raw("SET LOCAL statement_timeout = 0");
};
