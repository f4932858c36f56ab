import test from "ava";
import { left } from "./time.ts";

test("what is left is told to the nearest unit, and keeps its name a moment later", (t) => {
  const day = 24 * 3_600_000;
  t.is(left(30 * day - 50), "30 days");
  t.is(left(15 * 60_000 - 900), "15 min");
  t.is(left(14.4 * 60_000), "14 min");
  t.is(left(3_600_000 - 1000), "1 h");
  t.is(left(400), "0 s");
  t.is(left(-5), "0 s");
});
