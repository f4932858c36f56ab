import type { Variable } from "@playspawn/shared/games/game.ts";
import test from "ava";
import { choicesWith, idleFromField, idleFromMinutes, idleToField, idleToMinutes } from "./idle.ts";
import { credentialFaults, strength } from "./password.ts";
import { linkTrouble, tokenOf } from "./setup-link.ts";
import {
  asksForMore,
  changedValues,
  chapters,
  faultText,
  fieldsOf,
  namesFrom,
  secretField,
  secretMask,
  secretTyped,
  settable,
  matching,
  optionLabel,
  valuesOf,
  variableFaults,
} from "./variables.ts";

const variables: Record<string, Variable> = {
  NAME: { type: "string", label: "Name", default: "x", maxLength: 5 },
  MAX: { type: "integer", label: "Max", default: 8, min: 1, max: 16 },
  PVP: { type: "boolean", label: "PvP", default: true },
  MAP: { type: "enum", label: "Map", default: "dm1", options: ["dm1", "ctf1"] },
  KEY: { type: "string", label: "Key", default: "", pattern: "^[a-z]*$", secret: true },
};

test("a form starts with what is set, else with the defaults, and means the same back", (t) => {
  const fields = fieldsOf(variables, { MAX: 4 });
  t.deepEqual(fields, { NAME: "x", MAX: "4", PVP: true, MAP: "dm1", KEY: "" });
  t.deepEqual(valuesOf(variables, fields), { NAME: "x", MAX: 4, PVP: true, MAP: "dm1", KEY: "" });
});

test("a server's form leaves out what only a newer version of its template has", (t) => {
  t.deepEqual(Object.keys(settable(variables, { NAME: "x", KEY: secretMask, OLD: 1 })), ["NAME", "KEY"]);
});

test("each field is judged by the game's own schema", (t) => {
  const faults = (change: Record<string, string>) => variableFaults(variables, { ...fieldsOf(variables), ...change });
  t.deepEqual(faults({}), {});
  t.deepEqual(faults({ MAX: "17" }), { "variables.MAX": "Must be at most 16." });
  t.deepEqual(faults({ MAX: "" }), { "variables.MAX": "Must be a whole number." });
  t.deepEqual(faults({ MAX: "1e9x" }), { "variables.MAX": "Must be a whole number." });
  t.deepEqual(faults({ NAME: "abcdef", MAP: "dm9" }), {
    "variables.NAME": "Must be at most 5 characters.",
    "variables.MAP": "Must be one of dm1, ctf1.",
  });
});

test("the mask of a secret is neither judged nor sent back; emptied or replaced it is", (t) => {
  const set = { KEY: secretMask, MAX: 8 };
  const fields = fieldsOf(variables, set);
  t.deepEqual(variableFaults(variables, fields, set), {});
  t.deepEqual(changedValues({ KEY: secretMask, MAX: 9 }, set), { MAX: 9 });
  t.deepEqual(changedValues({ KEY: "", MAX: 8 }, set), { KEY: "" });
  t.deepEqual(changedValues({ KEY: "abc", MAX: 8 }, set), { KEY: "abc" });
});

test("what stands in a secret's field says whether one is set, without showing a mask that could be typed onto", (t) => {
  t.deepEqual(secretField("", ""), { text: "", note: undefined, action: undefined });
  t.deepEqual(secretField(secretMask, secretMask), { text: "", note: "Set. Type to replace it.", action: "remove" });
  t.deepEqual(secretField("", secretMask), { text: "", note: "Is removed when you save.", action: "keep" });
  t.deepEqual(secretField("new", secretMask), { text: "new", note: undefined, action: "keep" });
  t.is(secretTyped("", secretMask), secretMask, "cleared again, nothing was touched");
  t.is(secretTyped("a", secretMask), "a");
  t.is(secretTyped("", ""), "");
});

test("a pattern is said in words", (t) => {
  t.regex(faultText("must match ^[!-~]*$"), /without spaces/);
  t.is(faultText("must match ^x+$"), "Has characters that cannot stand here.");
  t.is(faultText("must be at most 5"), "Must be at most 5.");
});

test("a form shows the first settings and folds the many", (t) => {
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`V${i}`, variables["MAX"]!]));
  const { first, folded } = chapters(many);
  t.deepEqual(Object.keys(first), ["V0", "V1", "V2", "V3"]);
  t.deepEqual(
    folded.map(({ title, variables: members }) => [title, Object.keys(members).length]),
    [["More settings", 5]],
  );
  t.deepEqual(chapters(variables).folded, []);
  const TITLE = { type: "string", label: "Title", default: "a", pattern: "^[a-z]+$", serverName: true } as const;
  t.deepEqual(namesFrom({ ...variables, TITLE }, "arena"), { TITLE: "arena" });
  t.deepEqual(namesFrom({ TITLE }, "GD Arena!"), {}, "where it may not stand, the game's own default does");
});

test("what a game requires is said in words for people, and no form begins without it", (t) => {
  const EULA = { type: "boolean", label: "I accept", default: false, required: true } as const;
  t.true(asksForMore({ ...variables, EULA }));
  t.false(asksForMore(variables));
  t.deepEqual(variableFaults({ EULA }, { EULA: false }), { "variables.EULA": "There is no server without this." });
  t.deepEqual(variableFaults({ EULA }, { EULA: true }), {});
});

test("idle times: never is a choice, and an unusual time stays visible", (t) => {
  t.is(idleFromField(idleToField(null)), null);
  t.is(idleFromField(idleToField(900)), 900);
  t.is(choicesWith(900, "15 min").length, choicesWith(null, "never").length);
  t.deepEqual(choicesWith(5, "5 s")[0], { value: "5", label: "5 s" });
});

test("credentials are refused with a sentence per field", (t) => {
  const good = { email: "a@b.example", password: "twelve chars", again: "twelve chars" };
  t.deepEqual(credentialFaults(good), {});
  t.deepEqual(Object.keys(credentialFaults({ ...good, email: "a b@c" })), ["email"]);
  t.deepEqual(Object.keys(credentialFaults({ ...good, password: "short", again: "short" })), ["password"]);
  t.deepEqual(Object.keys(credentialFaults({ ...good, again: "twelve charz" })), ["again"]);
});

test("the strength hint grows with the password and sees the obvious", (t) => {
  t.deepEqual(strength("elevenchars"), { score: 0, hint: "1 character to go" });
  t.is(strength("aaaaaaaaaaaaaaaa").score, 1);
  t.is(strength("password1234").score, 1);
  t.is(strength("hannibal-marches", "hannibal@example.org").score, 1);
  t.is(strength("correct horse battery staple").score, 3);
  t.is(strength("zyxwvuzyxwvu").score, 2);
});

test("the set-up link's token is found, and a dead link is told from a bad form", (t) => {
  t.is(tokenOf("#t=abc"), "abc");
  t.is(tokenOf("#t="), undefined);
  t.is(tokenOf(""), undefined);
  t.is(linkTrouble("setup_token_invalid"), "token_dead");
  t.is(linkTrouble("setup_token_unknown"), "token_unknown");
  t.is(linkTrouble("invalid_request"), undefined);
});

test("settings under headings come after those without, and are the ones to unfold", (t) => {
  const one = (group?: string): Variable => ({ type: "boolean", label: "B", default: true, ...(group && { group }) });
  const named = { A: one("Rules"), B: one(), C: one("World"), D: one("Rules") };
  const { first, folded } = chapters(named);
  t.deepEqual(Object.keys(first), ["B"]);
  t.deepEqual(
    folded.map(({ title, variables: members }) => [title, Object.keys(members)]),
    [
      ["Rules", ["A", "D"]],
      ["World", ["C"]],
    ],
  );
});

test("a setting is found by any words of it, in any order, and by what can be chosen", (t) => {
  const found = (text: string) => Object.keys(matching(variables, text));
  t.deepEqual(found("  "), Object.keys(variables));
  t.deepEqual(found("ctf1"), ["MAP"]);
  t.deepEqual(found("PVP"), ["PVP"]);
  t.deepEqual(found("dm1 map"), ["MAP"]);
  t.deepEqual(found("map dm9"), []);
});

test("an option is read by its label where it has one", (t) => {
  const mode = { type: "enum", label: "M", default: "a", options: ["a", "b"], labels: { a: "First" } } as const;
  const variable = { ...mode, options: [...mode.options] };
  t.deepEqual(
    variable.options.map((option) => optionLabel(variable, option)),
    ["First", "b"],
  );
});

test("an idle time that is typed is minutes, and what is none is never taken for never", (t) => {
  t.is(idleFromMinutes("45"), 2700);
  t.is(idleFromMinutes("0.5"), 30);
  for (const text of ["", "x", "1e999"]) t.is(idleFromMinutes(text), 0, text);
  t.deepEqual([900, 30, null].map(idleToMinutes), ["15", "1", "15"]);
});
