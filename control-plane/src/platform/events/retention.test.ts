import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import type { Knex } from "knex";
import { testDatabase } from "../../testing/database.ts";
import { isPostgres } from "../db/migration-table.ts";
import { appendEvent } from "./events.ts";
import { dropOldEvents, trimEvents } from "./retention.ts";

const ports = fakePorts();

async function planOf(db: Knex, query: string): Promise<string> {
  if (!isPostgres(db)) {
    const rows: { detail: string }[] = await db.raw(`EXPLAIN QUERY PLAN ${query}`);
    return rows.map(({ detail }) => detail).join();
  }
  // Its planner would read an empty table whole.
  await db.raw("SET enable_seqscan = off; SET enable_bitmapscan = off");
  await db.raw("VACUUM events");
  const { rows } = (await db.raw(`EXPLAIN ${query}`)) as { rows: { "QUERY PLAN": string }[] };
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

const append = async (db: Knex, kind: string, at = 1000) =>
  (await appendEvent(db, ports, { ownerId: null, subject: { kind, id: "srv_1" }, kind, cause: null, data: {}, at }))
    .seq;
const seqs = (db: Knex): Promise<number[]> => db("events").orderBy("seq").pluck("seq");

test("of too many events the newest stay, some at a time", async (t) => {
  const db = await testDatabase(t);
  for (let i = 0; i < 5; i++) await append(db, "server");
  await dropOldEvents(db, { sort: "told", before: 0, keep: 2, limit: 1 });
  t.deepEqual(await seqs(db), [2, 3, 4, 5]);
  await dropOldEvents(db, { sort: "told", before: 0, keep: 2, limit: 100 });
  t.deepEqual(await seqs(db), [4, 5]);
});

test("old events go, whatever their number", async (t) => {
  const db = await testDatabase(t);
  for (const at of [1, 2, 3]) await append(db, "node", at);
  await dropOldEvents(db, { sort: "told", before: 3, keep: 100, limit: 100 });
  t.deepEqual(await seqs(db), [3]);
});

test("windows of usage push out older windows, never what people read", async (t) => {
  const db = await testDatabase(t);
  const wake = await append(db, "server");
  const windows: number[] = [];
  for (let i = 0; i < 6; i++) windows.push(await append(db, "server_usage"));
  for (const sort of ["told", "usage"] as const) await dropOldEvents(db, { sort, before: 0, keep: 3, limit: 100 });
  t.deepEqual(await seqs(db), [wake, ...windows.slice(-3)]);
});

test("counting half a million events reads an index of their own, not the events", async (t) => {
  const db = await testDatabase(t);
  const plan = isPostgres(db)
    ? /Index Only Scan.* using events_(of|but)_usage/
    : /USING COVERING INDEX events_(of|but)_usage/;
  for (const condition of ["subject_kind <> 'server_usage'", "subject_kind = 'server_usage'"]) {
    t.regex(
      await planOf(db, `SELECT seq FROM events WHERE ${condition} ORDER BY seq DESC LIMIT 1 OFFSET 500000`),
      plan,
    );
  }
});

test("of one subject the newest stay, of others all", async (t) => {
  const db = await testDatabase(t);
  for (let i = 0; i < 5; i++) await append(db, "server");
  await append(db, "node");
  const subject = { kind: "server", id: "srv_1" };
  t.is(await trimEvents(db, { subject, keep: 2 }), 3);
  t.is(await trimEvents(db, { subject, keep: 2 }), 0);
  t.deepEqual(await seqs(db), [4, 5, 6]);
});
