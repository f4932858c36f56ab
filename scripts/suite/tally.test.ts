import test from "ava";
import type { TestResult } from "./tap.ts";
import { namedSkips, tally } from "./tally.ts";

const result = (title: string, outcome: TestResult["outcome"]): TestResult => ({ title, outcome, details: [] });

test("only skips that are named with a reason are not failures", (t) => {
  const said: string[] = [];
  const counted = tally(
    namedSkips("# Skips\n\n| test | reason |\n| --- | --- |\n| `named` | no kernel module |\n| bare | |\n"),
    (line) => said.push(line),
  );
  for (const one of [
    result("a", "passed"),
    result("b", "failed"),
    result("named", "skipped"),
    result("bare", "skipped"),
    result("c", "todo"),
  ])
    counted.add(one);
  t.is(counted.line(), "1 passed, 3 failed");
  t.deepEqual(counted.failures, ["b", "bare", "c"]);
  t.deepEqual(counted.named, ["named"]);
  t.is(said[2], "skip   named (named in docs/skips.md)");
});
