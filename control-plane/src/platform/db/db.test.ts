import { readdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import type { Knex } from "knex";
import { testPlace } from "../../testing/database.ts";
import { type Db, openDatabase, transaction } from "./db.ts";
import { migrate, NewerDatabaseError } from "./migrate.ts";
import { coreMigrations, type Migration, telemetryMigrations } from "./migrations.ts";
import type { Durability, Place } from "./place.ts";

async function temporary(t: ExecutionContext, durability: Durability = "full") {
  const place = await testPlace(t, durability);
  const open = (): Knex => opened(t, place);
  const run = (db: Knex, migrations: readonly Migration[]) => migrate(db, { place, migrations, clock: systemClock });
  return { place, open, run };
}

function opened(t: ExecutionContext, place: Place): Knex {
  const db = openDatabase(place);
  t.teardown(() => db.destroy());
  return db;
}

/** What one statement answers, alone. */
async function ask(db: Knex, sql: string): Promise<unknown> {
  const answer = (await db.raw(sql)) as object[] | { rows: object[] };
  return Object.values(("rows" in answer ? answer.rows : answer)[0]!)[0];
}

const create = (name: string, table: string): Migration => ({
  name,
  up: (knex) => knex.schema.createTable(table, (columns) => void columns.string("word")),
});

test("the core database keeps what it acknowledged through a power cut", async (t) => {
  const { place, open } = await temporary(t);
  const db = open();
  if (place.kind === "postgresql") return t.is(await ask(db, "SHOW synchronous_commit"), "on");
  t.is(await ask(db, "PRAGMA journal_mode"), "wal");
  t.is(await ask(db, "PRAGMA synchronous"), 2);
  t.is(await ask(db, "PRAGMA foreign_keys"), 1);
});

test("telemetry trades the last rows for speed", async (t) => {
  const { place, open } = await temporary(t, "normal");
  if (place.kind === "postgresql") t.is(await ask(open(), "SHOW synchronous_commit"), "off");
  else t.is(await ask(open(), "PRAGMA synchronous"), 1);
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
    t.regex(error?.message ?? "", /insert into [`"]words[`"].*UNIQUE/is);
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
  test(`the ${name} migrations run on an empty database, and a second time do nothing`, async (t) => {
    const { open, run } = await temporary(t);
    const db = open();
    await run(db, migrations);
    await run(db, migrations);
    t.deepEqual(
      await db("migrations").orderBy("name").pluck("name"),
      migrations.map((migration) => migration.name),
    );
  });

const copyOf = (place: Place, migration: string): Place =>
  place.kind === "sqlite"
    ? { ...place, path: `${place.path}.before-${migration}` }
    : { ...place, schema: `before_${migration}` };

async function copiesOf(db: Knex, place: Place): Promise<string[]> {
  if (place.kind === "postgresql")
    return await db("pg_namespace").where("nspname", "like", "before%").orderBy("nspname").pluck("nspname");
  const files = await readdir(dirname(place.path));
  return files.filter((name) => name.startsWith(`${basename(place.path)}.before`)).sort();
}

test("before a pending migration the database is copied, with what was in it", async (t) => {
  const { place, open, run } = await temporary(t);
  const db = open();
  await run(db, [create("001-a", "a")]);
  await db("a").insert({ word: "precious" });
  await run(db, [create("001-a", "a"), create("002-b", "b")]);
  const copy = opened(t, copyOf(place, "002-b"));
  t.deepEqual(await copy("a"), [{ word: "precious" }]);
  t.false(await copy.schema.hasTable("b"));
  t.true(await db.schema.hasTable("b"));
});

test("a migration that fails half way leaves the schema as it was, and the next start tries again", async (t) => {
  const { open, run } = await temporary(t);
  const db = open();
  const broken: Migration = {
    name: "001-a",
    async up(knex) {
      await create("001-a", "a").up(knex);
      throw new Error("power cut");
    },
  };
  await t.throwsAsync(run(db, [broken]), { message: "power cut" });
  t.false(await db.schema.hasTable("a"));
  await run(db, [create("001-a", "a")]);
  t.true(await db.schema.hasTable("a"));
});

test("a newer database is refused with a sentence that names what is unknown", async (t) => {
  const { open, run } = await temporary(t);
  const db = open();
  await run(db, [create("001-a", "a"), create("900-future", "f")]);
  const error = await t.throwsAsync(run(db, [create("001-a", "a")]), {
    instanceOf: NewerDatabaseError,
  });
  t.regex(error?.message ?? "", /newer Playspawn.*900-future/s);
});

test("of the copies the newest three stay, and one of a failed try is replaced", async (t) => {
  const { place, open, run } = await temporary(t);
  const db = open();
  const names = ["a", "b", "c", "d", "e", "f"].map((letter, i) => create(`00${i}-${letter}`, letter));
  const failing: Migration = {
    name: "003-d",
    async up() {
      throw new Error("power cut");
    },
  };
  for (const [i] of names.entries()) {
    if (i === 3) await t.throwsAsync(run(db, [...names.slice(0, 3), failing]), { message: "power cut" });
    await run(db, names.slice(0, i + 1));
  }
  const kept = await copiesOf(db, place);
  t.deepEqual(
    kept.map((name) => name.slice(-5)),
    ["003-d", "004-e", "005-f"],
  );
});

test("a copy can be put in the place of what it was made from", async (t) => {
  const { place, open, run } = await temporary(t);
  const counted: Migration = {
    name: "001-a",
    async up(knex) {
      await knex.schema.createTable("a", (table) => {
        table.increments("seq");
        table.string("word").notNullable().unique();
      });
      await knex.schema.createTable("b", (table) => void table.string("word").references("word").inTable("a"));
      await knex("a").insert({ word: "by the migration" });
    },
  };
  const db = open();
  await run(db, [counted]);
  await db("a").insert({ word: "one" });
  await db("b").insert({ word: "one" });
  await run(db, [counted, create("002-c", "c")]);
  const copy = opened(t, copyOf(place, "002-c"));
  t.deepEqual(await copy("a").orderBy("seq"), [
    { seq: 1, word: "by the migration" },
    { seq: 2, word: "one" },
  ]);
  await copy("a").insert({ word: "two" });
  t.is((await copy("a").orderBy("seq", "desc").first<{ seq: number }>())?.seq, 3);
  await t.throwsAsync(copy("b").insert({ word: "nobody" }), undefined, "what refers to nothing is refused");
  await t.throwsAsync(copy("a").insert({ word: "two" }), undefined, "what is unique stays so");
  if (place.kind === "sqlite") return;
  await db.raw('ALTER SCHEMA public RENAME TO broken; ALTER SCHEMA "before_002-c" RENAME TO public');
  await run(db, [counted]);
  t.deepEqual(await db("a").insert({ word: "three" }).returning("seq"), [{ seq: 5 }]);
});

test("numbers, truth and words come back as they were, whatever their size", async (t) => {
  const { open } = await temporary(t);
  const db = open();
  await db.schema.createTable("kinds", (table) => {
    table.increments("seq");
    table.integer("whole");
    table.bigInteger("at");
    table.double("part");
    table.boolean("yes");
    table.string("word");
  });
  const row = { whole: 2 ** 40, at: Number.MAX_SAFE_INTEGER, part: 0.1, yes: true, word: "ö".repeat(1000) };
  t.deepEqual(await db("kinds").insert(row).returning("seq"), [{ seq: 1 }]);
  const [stored] = (await db("kinds")) as (Record<string, unknown> & { yes: boolean | number })[];
  t.deepEqual({ ...stored, yes: Boolean(stored!.yes) }, { seq: 1, ...row });
  const sum = await db("kinds").sum({ sum: "whole" }).count({ count: "*" }).first();
  t.deepEqual({ ...sum }, { sum: 2 ** 40, count: 1 });
});

test("text is sorted and compared byte by byte", async (t) => {
  const { open } = await temporary(t);
  const db = open();
  await db.schema.createTable("words", (table) => void table.string("word").unique());
  for (const word of ["b", "B", "a", "_", "é"]) await db("words").insert({ word });
  t.deepEqual(await db("words").orderBy("word").pluck("word"), ["B", "_", "a", "b", "é"]);
});
