/** Databases for tests: files, or each one of its own on the PostgreSQL that PLAYSPAWN_TEST_DATABASE_URL names. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import type { Knex } from "knex";
import { Client } from "pg";
import { testDatabaseUrl } from "../config.ts";
import { openDatabase } from "../platform/db/db.ts";
import { migrate } from "../platform/db/migrate.ts";
import { coreMigrations, telemetryMigrations } from "../platform/db/migrations.ts";
import type { Place } from "../platform/db/place.ts";

/** Where tests find a server; null on files. */
export const testServer = testDatabaseUrl();

const made = new Map<string, Promise<string>>();
const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 20);

/** The address of the database that belongs to this data folder, made at the first call; null on files. */
export async function databaseOf(t: ExecutionContext, dataDir: string): Promise<string | null> {
  if (testServer === null) return null;
  const known = made.get(dataDir);
  if (known !== undefined) return await known;
  const url = createFrom(await template(), hash(dataDir));
  made.set(dataDir, url);
  t.teardown(() => dropDatabase(hash(dataDir)));
  return await url;
}

/** An empty place of its own for one test. */
export async function testPlace(t: ExecutionContext, durability: Place["durability"] = "full"): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-db-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  if (testServer === null) return { kind: "sqlite", path: join(folder, "core.db"), durability };
  const url = await createFrom("template0", hash(folder));
  t.teardown(() => dropDatabase(hash(folder)));
  return { kind: "postgresql", url, schema: "public", durability };
}

/** The core database as an installation has it, open until the test ends. */
export async function testDatabase(t: ExecutionContext): Promise<Knex> {
  const place = await testPlace(t);
  const db = openDatabase(place);
  t.teardown(() => db.destroy());
  await migrate(db, { place, migrations: coreMigrations, clock: systemClock });
  return db;
}

/** One statement on the server, as its administrator. */
export async function onServer<T>(sql: string, database = "postgres"): Promise<T[]> {
  const client = new Client({ connectionString: addressOf(database) });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

export function addressOf(database: string): string {
  const url = new URL(testServer!);
  url.pathname = `/${database}`;
  return url.href;
}

async function createFrom(source: string, name: string): Promise<string> {
  await onServer(`CREATE DATABASE "${name}" TEMPLATE "${source}"`);
  return addressOf(name);
}

const dropDatabase = async (name: string): Promise<void> =>
  void (await onServer(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`));

let ready: Promise<string> | undefined;

/** A database with every migration done: to copy it is quicker than to run them. */
const template = (): Promise<string> => (ready ??= makeTemplate());

async function makeTemplate(): Promise<string> {
  const names = [...coreMigrations, ...telemetryMigrations].map((migration) => migration.name).join();
  const name = `template_${hash(names)}`;
  const client = new Client({ connectionString: testServer! });
  await client.connect();
  try {
    // Each test file is a process, and all want it at once.
    await client.query("SELECT pg_advisory_lock(1)");
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate", [name]);
    if (rowCount === 1) return name;
    await client.query(`DROP DATABASE IF EXISTS "${name}"`);
    await client.query(`CREATE DATABASE "${name}" TEMPLATE template0`);
    for (const [schema, migrations] of [
      ["public", coreMigrations],
      ["telemetry", telemetryMigrations],
    ] as const) {
      const place: Place = { kind: "postgresql", url: addressOf(name), schema, durability: "full" };
      const db = openDatabase(place);
      await migrate(db, { place, migrations, clock: systemClock });
      await db.destroy();
    }
    await client.query(`ALTER DATABASE "${name}" IS_TEMPLATE true`);
    return name;
  } finally {
    await client.end();
  }
}
