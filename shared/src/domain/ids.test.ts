import test from "ava";
import { fakePorts } from "../ports/fake.ts";
import { idPattern, newId, newSecret, shortId } from "./ids.ts";

test("ids carry their kind and sort by the time they were made", async (t) => {
  const ports = fakePorts();
  const ids: string[] = [];
  for (let i = 0; i < 50; i++) {
    ids.push(newId("srv", ports));
    await ports.advance(1);
  }
  t.deepEqual(ids.toSorted(), ids);
  t.true(ids.every((id) => idPattern("srv").test(id)));
  t.false(idPattern("node").test(ids[0]!));
});

test("ids of one millisecond differ, in their short form as well", (t) => {
  const ports = fakePorts();
  const ids = Array.from({ length: 200 }, () => newId("srv", ports));
  t.is(new Set(ids.map(shortId)).size, 200);
});

test("a secret has 256 bits", (t) => t.regex(newSecret(fakePorts().rng), /^[0-9a-f]{64}$/));
