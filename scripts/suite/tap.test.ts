import test from "ava";
import { tapReader, type TestResult } from "./tap.ts";

function read(text: string): TestResult[] {
  const reader = tapReader();
  const results = text.split("\n").map((line) => reader.take(line));
  return [...results, reader.end()].filter((result) => result !== undefined);
}

test("passed, failed, skipped and unwritten tests are told apart", (t) => {
  const results = read(
    `TAP version 13
ok 1 - door › holds
not ok 2 - door › wakes
  ---
    name: AssertionError
    message: late
  ...
ok 3 - door › sings # SKIP
not ok 4 - door › dances # TODO
---tty-stream-chunk-separator
1..3
# tests 2
# pass 1`,
  );
  t.deepEqual(
    results.map(({ title, outcome }) => [title, outcome]),
    [
      ["door › holds", "passed"],
      ["door › wakes", "failed"],
      ["door › sings", "skipped"],
      ["door › dances", "todo"],
    ],
  );
  t.deepEqual(results[1]!.details.slice(0, 3), ["  ---", "    name: AssertionError", "    message: late"]);
});

test("a title may hold a hash and words such as ok", (t) => {
  t.deepEqual(read("ok 12 - not ok # 5 is ok"), [{ title: "not ok # 5 is ok", outcome: "passed", details: [] }]);
});

test("lines that are not TAP are no tests", (t) => {
  t.deepEqual(read("okay then\n# fail 3\nnothing"), []);
});
