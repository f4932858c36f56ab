import test from "ava";
import { pieces, plain } from "./ansi.ts";

test("colours and weight become pieces and end where they end", (t) => {
  t.deepEqual(pieces("a\u001b[31;1mred\u001b[0mb"), [
    { text: "a" },
    { text: "red", colour: 1, bold: true },
    { text: "b" },
  ]);
  t.deepEqual(pieces("\u001b[92mok\u001b[39m."), [{ text: "ok", colour: 2 }, { text: "." }]);
});

test("every other escape and control character is dropped", (t) => {
  t.is(plain("\u001b[2J\u001b[1;1Hhi\u001b]0;title\u0007\u0007 there\u001b[K"), "hi there");
  t.is(plain("mia\u202e: \u2066nimda\u2069 \u05d0\u200f"), "mia: nimda \u05d0\u200f");
  t.deepEqual(pieces("\u001b[31m\u202e\u001b[0m"), []);
  t.deepEqual(pieces("<b>&amp;</b>"), [{ text: "<b>&amp;</b>" }]);
});
