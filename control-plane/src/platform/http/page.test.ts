import { AppError } from "@playspawn/shared";
import test from "ava";
import { z } from "zod";
import { harness } from "../../testing/harness.ts";
import { operation } from "./operation.ts";
import { decodeCursor, encodeCursor, pageOf, PageQuery, pageSchema } from "./page.ts";
import type { Problem } from "./problem.ts";

const words = Array.from({ length: 120 }, (_, i) => `w${String(i).padStart(3, "0")}`);

const listWords = operation({
  name: "listWords",
  method: "get",
  path: "/api/v1/words",
  tag: "tests",
  summary: "Words in order",
  auth: "user",
  permission: "session:own",
  query: PageQuery,
  answer: { status: 200, schema: pageSchema(z.string()) },
  async handle(_context, { query: { limit, cursor } }) {
    const after = decodeCursor(cursor, /^w\d{3}$/) ?? "";
    return pageOf(words.filter((word) => word > after).slice(0, limit + 1), limit, (word) => word);
  },
});

interface Words {
  items: string[];
  nextCursor: string | null;
}

test("following the cursors reads everything once, in order", async (t) => {
  const { client } = await harness(t, { overrides: { operations: [listWords] } });
  const seen: string[] = [];
  let cursor: string | null = "";
  for (let pages = 0; cursor !== null && pages < 10; pages++) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { body }: { body: Words } = await client.get<Words>(`/api/v1/words?limit=50${query}`);
    seen.push(...body.items);
    cursor = body.nextCursor;
  }
  t.deepEqual(seen, words);
});

test("fifty come unless another number is asked for", async (t) => {
  const { client } = await harness(t, { overrides: { operations: [listWords] } });
  t.is((await client.get<Words>("/api/v1/words")).body.items.length, 50);
  t.is((await client.get<Words>("/api/v1/words?limit=1")).body.items.length, 1);
  t.is((await client.get<Words>("/api/v1/words?limit=100")).body.items.length, 100);
});

test("a limit or a cursor that is none is refused by its pointer", async (t) => {
  const { client } = await harness(t, { overrides: { operations: [listWords] } });
  for (const query of ["limit=0", "limit=101", "limit=-1", "limit=1e9", "limit=", "limit=1.5", "limit=2&limit=3"]) {
    const { status, body } = await client.get<Problem>(`/api/v1/words?${query}`);
    t.is(status, 422, query);
    t.deepEqual(
      body.faults?.map((fault) => fault.pointer),
      ["/query/limit"],
      query,
    );
  }
  for (const cursor of ["x", encodeCursor("w1' OR 1=1"), "%00", "a".repeat(300)]) {
    const { status, body } = await client.get<Problem>(`/api/v1/words?cursor=${cursor}`);
    t.is(status, 422, cursor);
    t.deepEqual(
      body.faults?.map((fault) => fault.pointer),
      ["/query/cursor"],
      cursor,
    );
  }
});

test("a page that is exactly full and the last has no next one", (t) => {
  t.is(pageOf(["a", "b"], 2, (word) => word).nextCursor, null);
  t.is(pageOf(["a", "b", "c"], 2, (word) => word).nextCursor, encodeCursor("b"));
  t.deepEqual(
    pageOf<string>([], 2, (word) => word),
    { items: [], nextCursor: null },
  );
  t.throws(() => decodeCursor("!", /^w$/), { instanceOf: AppError });
});
