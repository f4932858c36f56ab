import test from "ava";
import { Label, Notes } from "./label.ts";

const fault = (text: string): string | undefined => Label.safeParse(text).error?.issues[0]?.message;

test("names of every script are names, with emoji and joiners", (t) => {
  for (const name of ["Mîne-1", "世界", "خادم", "שרת", "می‌خواهم", "नमस्ते", "👩‍👩‍👧 home", "❤️", "7", "_", "<b>"])
    t.is(Label.parse(name), name);
  t.is(Label.parse("  at home \n"), "at home");
});

test("what hides, reorders or breaks text is refused, wherever it stands", (t) => {
  const bad = ["\u0000", "\n", "\u001b", "\u007f", "\u0085", "\u009b", "\u2028", "\u2029"];
  for (const character of [...bad, "\u202e", "\u202a", "\u2066", "\u2069", "\u200f", "\u061c"])
    t.regex(fault(`a${character}b`) ?? "", /must not contain control characters/, JSON.stringify(character));
});

test("half a character and what became of one are refused", (t) => {
  for (const text of ["a\ud800", "\udc00a", "a\ufffdb"]) t.regex(fault(text) ?? "", /broken characters/);
  t.is(fault("\ud83d\ude00"), undefined);
});

test("a name can be seen", (t) => {
  for (const text of ["", "   ", "\u200b", "\u2060\u200d", "\ufe0f", "\u3164", "\u2800", "\u00ad\u00a0"])
    t.is(fault(text), "must have at least one visible character", JSON.stringify(text));
});

test("sixty characters are enough", (t) => {
  t.is(fault("x".repeat(60)), undefined);
  t.truthy(fault("x".repeat(61)));
});

test("notes have lines, and otherwise only what names have", (t) => {
  for (const text of ["", "\n", "Bring\tsnacks\r\nand 👩‍👩‍👧", "שרת", "x".repeat(4000)]) t.is(Notes.parse(text), text);
  for (const text of [
    "\u0000",
    "\u001b[2J",
    "\u202e",
    "a\u2066b",
    "\u009b",
    "\u2028",
    "a\ud800",
    "\ufffd",
    "x".repeat(4001),
  ])
    t.false(Notes.safeParse(text).success, JSON.stringify(text.slice(0, 9)));
});
