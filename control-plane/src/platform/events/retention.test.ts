import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test, { type ExecutionContext } from "ava";
import type { Knex } from "knex";
import { openDatabase } from "../db/db.ts";
import { migrate } from "../db/migrate.ts";
import { coreMigrations } from "../db/migrations.ts";
import { appendEvent } from "./events.ts";
import { dropOldEvents, trimEvents } from "./retention.ts";

const ports = fakePorts();

async function database(t: ExecutionContext): Promise<Knex> {
  const db = openDatabase({ path: ":memory:", durability: "full" });
  t.teardown(() => db.destroy());
  await migrate(db, { path: ":memory:", migrations: coreMigrations, clock: ports.clock });
  return db;
}

const append = async (db: Knex, kind: string, at = 1000) =>
  (await appendEvent(db, ports, { ownerId: null, subject: { kind, id: "srv_1" }, kind, cause: null, data: {}, at }))
    .seq;
const seqs = (db: Knex): Promise<number[]> => db("events").orderBy("seq").pluck("seq");

test("of too many events the newest stay, some at a time", async (t) => {
  const db = await database(t);
  for (let i = 0; i < 5; i++) await append(db, "server");
  await dropOldEvents(db, { sort: "told", before: 0, keep: 2, limit: 1 });
  t.deepEqual(await seqs(db), [2, 3, 4, 5]);
  await dropOldEvents(db, { sort: "told", before: 0, keep: 2, limit: 100 });
  t.deepEqual(await seqs(db), [4, 5]);
});

test("old events go, whatever their number", async (t) => {
  const db = await database(t);
  for (const at of [1, 2, 3]) await append(db, "node", at);
  await dropOldEvents(db, { sort: "told", before: 3, keep: 100, limit: 100 });
  t.deepEqual(await seqs(db), [3]);
});

test("windows of usage push out older windows, never what people read", async (t) => {
  const db = await database(t);
  const wake = await append(db, "server");
  const windows: number[] = [];
  for (let i = 0; i < 6; i++) windows.push(await append(db, "server_usage"));
  for (const sort of ["told", "usage"] as const) await dropOldEvents(db, { sort, before: 0, keep: 3, limit: 100 });
  t.deepEqual(await seqs(db), [wake, ...windows.slice(-3)]);
});

test("counting half a million events reads an index of their own, not the events", async (t) => {
  const db = await database(t);
  for (const condition of ["subject_kind <> 'server_usage'", "subject_kind = 'server_usage'"]) {
    const plan: { detail: string }[] = await db.raw(
      `EXPLAIN QUERY PLAN SELECT seq FROM events WHERE ${condition} ORDER BY seq DESC LIMIT 1 OFFSET 500000`,
    );
    t.regex(plan.map(({ detail }) => detail).join(), /USING COVERING INDEX events_(of|but)_usage/);
  }
});

test("of one subject the newest stay, of others all", async (t) => {
  const db = await database(t);
  for (let i = 0; i < 5; i++) await append(db, "server");
  await append(db, "node");
  const subject = { kind: "server", id: "srv_1" };
  t.is(await trimEvents(db, { subject, keep: 2 }), 3);
  t.is(await trimEvents(db, { subject, keep: 2 }), 0);
  t.deepEqual(await seqs(db), [4, 5, 6]);
});
