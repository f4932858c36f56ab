import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test from "ava";
import { keyPerBody } from "./idempotency-key.ts";

test("a request that is sent again keeps its key; one that was edited after a lost answer gets another", (t) => {
  const keyOf = keyPerBody(fakePorts().rng);
  const first = keyOf({ name: "one" });
  t.regex(first, /^[0-9a-f]{32}$/);
  t.is(keyOf({ name: "one" }), first);
  t.not(keyOf({ name: "two" }), first);
});
