/** What must work before this control plane takes requests: its two databases and their schemas. */
import type { Knex } from "knex";
import { coreMigrations, telemetryMigrations, type Migration } from "../db/migrations.ts";
import type { Check } from "./health.ts";

export const databaseChecks = ({ db, telemetry }: { db: Knex; telemetry: Knex }): Check[] => [
  { name: "database", run: () => db.raw("SELECT 1"), fault: "it does not answer" },
  { name: "telemetry", run: () => telemetry.raw("SELECT 1"), fault: "its database does not answer" },
  {
    name: "migrations",
    run: () => Promise.all([requireAll(db, coreMigrations), requireAll(telemetry, telemetryMigrations)]),
    fault: (error) =>
      error instanceof WrongTables
        ? "the database does not have this version's tables"
        : "which the database has cannot be read",
  },
];

class WrongTables extends Error {}

/** A backup that was put back under a running process may lack some, or hold newer ones. */
async function requireAll(db: Knex, migrations: readonly Migration[]): Promise<void> {
  const applied = new Set<string>(await db("migrations").pluck("name"));
  const missing = migrations.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
  if (missing.length > 0 || applied.size > migrations.length)
    throw new WrongTables(`applied are ${[...applied].join(", ")}; missing: ${missing.join(", ") || "none"}`);
}
