import test from "ava";
import { matches } from "./palette.ts";

const entries = [
  { title: "Friday world", hint: "Running" },
  { title: "Kids’ island", hint: "Asleep" },
  { title: "Wake Kids’ island", hint: "Server" },
  { title: "Nodes", hint: "Page" },
];
const titles = (text: string, max = 10): string[] => matches(entries, text, max).map(({ title }) => title);

test("nothing typed shows everything in its order, bounded", (t) => {
  t.deepEqual(titles("", 2), ["Friday world", "Kids’ island"]);
});

test("every word must fit, and the beginning of a word is better than its inside", (t) => {
  t.deepEqual(titles("kids"), ["Kids’ island", "Wake Kids’ island"]);
  t.deepEqual(titles("wake kids"), ["Wake Kids’ island"]);
  t.deepEqual(titles("asleep"), ["Kids’ island"]);
  t.is(titles("land")[0], "Kids’ island");
  t.deepEqual(titles("moon"), []);
});
