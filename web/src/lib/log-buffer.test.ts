import test from "ava";
import { append, emptyLog, levelOf, startOf } from "./log-buffer.ts";

test("lines that arrive in pieces are put together", (t) => {
  const one = append(emptyLog, "hel", 10);
  t.deepEqual(one.lines, []);
  t.is(one.rest, "hel");
  const two = append(one, "lo\r\nwor", 10);
  t.deepEqual(two.lines, [{ n: 1, text: "hello" }]);
  t.is(two.rest, "wor");
});

test("only the last lines are kept, and the others counted", (t) => {
  const log = append(append(emptyLog, "1\n2\n3\n", 2), "4\n", 2);
  t.deepEqual(
    log.lines.map(({ text }) => text),
    ["3", "4"],
  );
  t.is(log.dropped, 2);
  t.is(log.last, 4);
});

test("a line without an end stays bounded", (t) => {
  let log = emptyLog;
  for (let i = 0; i < 10; i++) log = append(log, "x".repeat(1000), 5);
  t.is(log.rest.length, 4000);
  t.is(append(log, "\n", 5).lines[0]!.text.length, 4000);
});

test("a seam between two runs tells when the next one began, and nothing else is one", (t) => {
  t.is(startOf("── started 2023-11-14T22:13:20.000Z ──"), 1_700_000_000_000);
  t.is(startOf("── started yesterday ──"), undefined);
  t.is(startOf("<Mia> ── started 2023-11-14T22:13:20.000Z ──"), undefined);
});

test("lines are told apart by the words that games use", (t) => {
  t.is(levelOf("[server] ERROR: no such map"), "error");
  t.is(levelOf("WARN can't keep up"), "warn");
  t.is(levelOf("Mia joined the game"), "join");
  t.is(levelOf("terror and wanderers"), "plain");
});
