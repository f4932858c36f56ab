import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import { testDatabase } from "../../testing/database.ts";
import { appendEvent, listEvents, type NewEvent } from "./events.ts";

const ports = fakePorts();
const woke: NewEvent = {
  ownerId: "team_1",
  subject: { kind: "server", id: "srv_1" },
  kind: "wake",
  cause: { kind: "packet" },
  data: { ms: 12 },
};

test("events come back newest first with what was said, only those of the subject", async (t) => {
  const db = await testDatabase(t);
  const first = await appendEvent(db, ports, woke);
  await appendEvent(db, ports, { ...woke, subject: { kind: "server", id: "srv_2" } });
  const second = await appendEvent(db, ports, { ...woke, kind: "sleep", cause: null, at: 5 });
  const { items, nextCursor } = await listEvents(db, { subject: woke.subject, limit: 10 });
  t.deepEqual(items, [second, first]);
  t.is(items[0]!.at, 5);
  t.deepEqual(items[1]!.cause, { kind: "packet" });
  t.is(nextCursor, null);
});

test("pages follow one another without a gap or a repeat, also while new events arrive", async (t) => {
  const db = await testDatabase(t);
  for (let i = 0; i < 5; i++) await appendEvent(db, ports, { ...woke, data: { i } });
  const seen: unknown[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 3; pages++) {
    const page = await listEvents(db, { subject: woke.subject, limit: 2, cursor });
    seen.push(...page.items.map((event) => event.data["i"]));
    cursor = page.nextCursor ?? undefined;
    await appendEvent(db, ports, { ...woke, data: { i: "new" } });
  }
  t.deepEqual(seen, [4, 3, 2, 1, 0]);
  t.is(cursor, undefined);
});

test("a cursor that is not one of ours is refused", async (t) => {
  const db = await testDatabase(t);
  await t.throwsAsync(listEvents(db, { subject: woke.subject, limit: 2, cursor: "1 OR 1=1" }), { name: "AppError" });
});

test("a sequence number is never used twice, even when the newest event is gone", async (t) => {
  const db = await testDatabase(t);
  const lost = await appendEvent(db, ports, woke);
  await db("events").where({ seq: lost.seq }).delete();
  t.true((await appendEvent(db, ports, woke)).seq > lost.seq);
});
