/** Brings a database to this program's schema: one transaction per migration, after a copy of the whole file. */
import { rm } from "node:fs/promises";
import type { Clock } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction } from "./db.ts";
import type { Migration } from "./migrations.ts";

/** The database was written by a newer Playspawn. Its message is a sentence for the operator. */
export class NewerDatabaseError extends Error {
  override readonly name = "NewerDatabaseError";
}

/**
 * Runs the pending ones of `migrations` on the file `path`, which `db` has open. Where there is something to lose it
 * is copied first, to `<path>.before-<first pending migration>`.
 * @throws NewerDatabaseError when the file holds a migration that this program does not know.
 */
export async function migrate(
  db: Knex,
  { path, migrations, clock }: { path: string; migrations: readonly Migration[]; clock: Clock },
): Promise<void> {
  await db.raw("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL)");
  const applied: string[] = await db("migrations").orderBy("name").pluck("name");
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new NewerDatabaseError(
      `The database ${path} was written by a newer Playspawn (it holds ${unknown.join(", ")}). ` +
        "Start that version again, or put back the copy it made before it changed the database.",
    );
  const pending = migrations.filter((migration) => !applied.includes(migration.name));
  if (pending.length === 0) return;
  if (applied.length > 0) await copyDatabase(db, `${path}.before-${pending[0]!.name}`);
  for (const migration of pending)
    await transaction(db, async (tx) => {
      await migration.up(tx);
      await tx("migrations").insert({ name: migration.name, applied_at: clock.now() });
    });
}

/** A consistent copy of an open database, WAL included. An older copy of the same name is a failed try: replaced. */
async function copyDatabase(db: Knex, to: string): Promise<void> {
  await rm(to, { force: true });
  await db.raw("VACUUM INTO ?", [to]);
}
