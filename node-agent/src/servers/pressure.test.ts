import test from "ava";
import type { Tier } from "@playspawn/shared";
import { whoGivesWay, type Sleeper } from "./pressure.ts";

const all: Tier[] = ["paused", "deep", "held", "cold"];
const one = (id: string, change: Partial<Sleeper> = {}): Sleeper => ({
  id,
  tier: "paused",
  able: all,
  asleepMs: 1000,
  memoryBytes: 1e9,
  ...change,
});

test("nobody gives way who has nothing to give", (t) => {
  t.is(whoGivesWay([]), null);
  t.is(whoGivesWay([one("a", { tier: "held" }), one("b", { tier: "cold" })]), null);
});

test("memory that can be moved out goes before games that must boot again", (t) => {
  const stuck = one("stuck", { able: ["paused", "held", "cold"], asleepMs: 1e9 });
  t.deepEqual(whoGivesWay([stuck, one("a"), one("b", { tier: "deep", asleepMs: 1e9 })]), { id: "a", to: "deep" });
  t.deepEqual(whoGivesWay([stuck, one("b", { tier: "deep", asleepMs: 1 })]), { id: "stuck", to: "held" });
});

test("the longest asleep and the largest go first, to the next tier that they have", (t) => {
  t.is(whoGivesWay([one("a"), one("b", { asleepMs: 9000 })])?.id, "b");
  t.is(whoGivesWay([one("a", { memoryBytes: 8e9 }), one("b", { asleepMs: 2000 })])?.id, "a");
  t.deepEqual(whoGivesWay([one("a", { tier: "deep", able: ["deep", "cold"] })]), { id: "a", to: "cold" });
});
