import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import type { Knex } from "knex";
import { type DatabaseOptions, type Db, openDatabase, transaction } from "./db.ts";
import { migrate, NewerDatabaseError } from "./migrate.ts";
import { coreMigrations, type Migration, telemetryMigrations } from "./migrations.ts";

async function temporary(t: ExecutionContext, durability: DatabaseOptions["durability"] = "full") {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-db-"));
  const path = join(folder, "core.db");
  const open = (): Knex => {
    const db = openDatabase({ path, durability });
    t.teardown(() => db.destroy());
    return db;
  };
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return { path, open };
}

const pragma = async (db: Knex, name: string): Promise<unknown> =>
  Object.values((await db.raw(`PRAGMA ${name}`))[0])[0];

const create = (name: string, table: string): Migration => ({
  name,
  up: (knex) => knex.schema.createTable(table, (columns) => void columns.string("word")),
});

test("the core database keeps what it acknowledged through a power cut", async (t) => {
  const db = (await temporary(t)).open();
  t.is(await pragma(db, "journal_mode"), "wal");
  t.is(await pragma(db, "synchronous"), 2);
  t.is(await pragma(db, "foreign_keys"), 1);
});

test("telemetry trades the last rows for speed", async (t) => {
  const db = (await temporary(t, "normal")).open();
  t.is(await pragma(db, "synchronous"), 1);
});

test("a query on the root inside a transaction throws at once instead of hanging", async (t) => {
  const db = (await temporary(t)).open();
  await db.raw("CREATE TABLE words (word TEXT)");
  const error = await t.throwsAsync(transaction(db, async () => db("words")));
  t.regex(error?.message ?? "", /inside a transaction/);
  await t.throwsAsync(
    transaction(db, async () => transaction(db, async () => undefined)),
    { message: /inside a transaction/ },
  );
  t.deepEqual(await db("words"), []);
});

test("an error of the database names the statement and none of its values", async (t) => {
  const db = (await temporary(t)).open();
  await db.raw("CREATE TABLE words (word TEXT UNIQUE)");
  await db("words").insert({ word: "hunter2" });
  const again = (handle: Db) => handle("words").insert({ word: "hunter2" });
  for (const work of [() => again(db), () => transaction(db, again)]) {
    const error = await t.throwsAsync(work);
    t.regex(error?.message ?? "", /insert into `words`.*UNIQUE/s);
    t.notRegex(error?.stack ?? "", /hunter2/);
  }
});

test("work that outlives its transaction may use the root again", async (t) => {
  const db = (await temporary(t)).open();
  let later: Promise<unknown> = Promise.resolve();
  let release = (): void => {};
  const ended = new Promise<void>((resolve) => (release = resolve));
  await transaction(db, async () => {
    later = ended.then(() => db.raw("SELECT 1"));
  });
  release();
  await t.notThrowsAsync(later);
});

test("a transaction that throws leaves nothing, one inside another joins it", async (t) => {
  const db = (await temporary(t)).open();
  await db.raw("CREATE TABLE words (word TEXT)");
  await t.throwsAsync(
    transaction(db, async (tx) => {
      await transaction(tx, (inner) => inner("words").insert({ word: "lost" }));
      throw new Error("no");
    }),
    { message: "no" },
  );
  t.deepEqual(await db("words"), []);
});

for (const [name, migrations] of [
  ["core", coreMigrations],
  ["telemetry", telemetryMigrations],
] as const)
  test(`the ${name} migrations run on an empty file, and a second time do nothing`, async (t) => {
    const { path, open } = await temporary(t);
    const db = open();
    await migrate(db, { path, migrations, clock: systemClock });
    await migrate(db, { path, migrations, clock: systemClock });
    t.deepEqual(
      await db("migrations").orderBy("name").pluck("name"),
      migrations.map((migration) => migration.name),
    );
  });

test("before a pending migration the database is copied, with what was in it", async (t) => {
  const { path, open } = await temporary(t);
  const db = open();
  await migrate(db, { path, migrations: [create("001-a", "a")], clock: systemClock });
  await db("a").insert({ word: "precious" });
  await migrate(db, { path, migrations: [create("001-a", "a"), create("002-b", "b")], clock: systemClock });
  const copy = openDatabase({ path: `${path}.before-002-b`, durability: "full" });
  t.teardown(() => copy.destroy());
  t.deepEqual(await copy("a"), [{ word: "precious" }]);
  t.false(await copy.schema.hasTable("b"));
  t.true(await db.schema.hasTable("b"));
});

test("a migration that fails half way leaves the schema as it was, and the next start tries again", async (t) => {
  const { path, open } = await temporary(t);
  const db = open();
  const broken: Migration = {
    name: "001-a",
    async up(knex) {
      await create("001-a", "a").up(knex);
      throw new Error("power cut");
    },
  };
  await t.throwsAsync(migrate(db, { path, migrations: [broken], clock: systemClock }), { message: "power cut" });
  t.false(await db.schema.hasTable("a"));
  await migrate(db, { path, migrations: [create("001-a", "a")], clock: systemClock });
  t.true(await db.schema.hasTable("a"));
});

test("a newer database is refused with a sentence that names what is unknown", async (t) => {
  const { path, open } = await temporary(t);
  const db = open();
  await migrate(db, { path, migrations: [create("001-a", "a"), create("900-future", "f")], clock: systemClock });
  const error = await t.throwsAsync(migrate(db, { path, migrations: [create("001-a", "a")], clock: systemClock }), {
    instanceOf: NewerDatabaseError,
  });
  t.regex(error?.message ?? "", /newer Playspawn.*900-future/s);
});
