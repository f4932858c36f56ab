import type { Game } from "@playspawn/shared";
import test from "ava";
import { patternsOf } from "./patterns.ts";

test("a pattern is compiled once for its template, whoever asks", (t) => {
  const [one, other] = [{}, {}] as [Game, Game];
  const first = patternsOf(one)("^a+$");
  t.true(first.test("aa"));
  t.is(patternsOf(one)("^a+$"), first);
  t.not(patternsOf(one)("^b+$"), first);
  t.not(patternsOf(other)("^a+$"), first, "it goes with its template");
});
