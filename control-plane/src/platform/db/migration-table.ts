/** The table that says which migrations a database holds. */
import type { Knex } from "knex";

export const isPostgres = (db: Knex): boolean => (db.client as { dialect?: string }).dialect === "postgresql";

export async function createMigrations(db: Knex): Promise<void> {
  const [text, integer] = isPostgres(db) ? ['TEXT COLLATE "C"', "BIGINT"] : ["TEXT", "INTEGER"];
  await db.raw(`CREATE TABLE IF NOT EXISTS migrations (name ${text} PRIMARY KEY, applied_at ${integer} NOT NULL)`);
}
