import test from "ava";
import { mergeServer, mergeServers, patchServers, prependEvent, upsertById, withoutServer } from "./patch.ts";

const server = (id: string, version: number, name = id) => ({ id, version, name });

test("the newer view of a server wins, the incoming one when they are equally old", (t) => {
  t.is(mergeServer(undefined, server("a", 1)).version, 1);
  t.is(mergeServer(server("a", 5, "new"), server("a", 4, "old")).name, "new");
  t.is(mergeServer(server("a", 5, "known"), server("a", 5, "incoming")).name, "incoming");
});

test("clocks do not count: a change after the clock went back is news", (t) => {
  const known = { id: "a", version: 7, updatedAt: 9_000 };
  const later = { id: "a", version: 8, updatedAt: 5_000 };
  t.is(mergeServer(known, later), later);
  t.is(mergeServer(later, known), later, "a slow answer to an older question");
});

test("a fresh list decides who is in it, but does not make anyone older", (t) => {
  const merged = mergeServers([server("a", 9, "live"), server("gone", 9)], [server("a", 3), server("b", 1)]);
  t.deepEqual(merged, [server("a", 9, "live"), server("b", 1)]);
});

test("news of a server replaces it in place; a new one comes first", (t) => {
  const list = [server("a", 1), server("b", 1)];
  t.deepEqual(patchServers(list, server("b", 2)), [server("a", 1), server("b", 2)]);
  t.deepEqual(patchServers(list, server("c", 2))[0], server("c", 2));
  t.deepEqual(withoutServer(list, "a"), [server("b", 1)]);
});

test("events stay newest first, once each and bounded", (t) => {
  const events = [3, 2, 1].map((seq) => ({ id: `e${seq}`, seq }));
  t.deepEqual(
    prependEvent(events, { id: "e4", seq: 4 }, 3).map(({ seq }) => seq),
    [4, 3, 2],
  );
  t.deepEqual(prependEvent(events, { id: "e2", seq: 2 }, 3), events);
});

test("nodes are replaced or added at the end", (t) => {
  t.deepEqual(upsertById([{ id: "a", v: 1 }], { id: "a", v: 2 }), [{ id: "a", v: 2 }]);
  t.deepEqual(
    upsertById([{ id: "a" }], { id: "b" }).map(({ id }) => id),
    ["a", "b"],
  );
});
