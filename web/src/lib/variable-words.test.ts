import test from "ava";
import type { Variable } from "@playspawn/shared/games/game.ts";
import { choiceText, defaultText } from "./variable-words.ts";

const said = (variable: Variable): [string, string | undefined] => [defaultText(variable), choiceText(variable)];

test("a variable is told by what it is unless changed, and by what it may be", (t) => {
  t.deepEqual(said({ type: "string", label: "When", default: "0 * * * *" }), ["0 * * * *", undefined]);
  t.deepEqual(said({ type: "string", label: "Seed", default: "" }), ["empty", undefined]);
  t.deepEqual(said({ type: "string", label: "Key", default: "", secret: true, generate: true }), [
    "made up",
    "a secret",
  ]);
  t.deepEqual(said({ type: "boolean", label: "Licence", default: false, required: true }), ["asked for", undefined]);
  t.deepEqual(said({ type: "boolean", label: "Nether", default: true }), ["on", undefined]);
  t.deepEqual(said({ type: "integer", label: "Players", default: 20, min: 1, max: 1000 }), ["20", "1 to 1000"]);
  t.deepEqual(said({ type: "integer", label: "Players", default: 20, min: 1 }), ["20", "at least 1"]);
  t.deepEqual(
    said({ type: "enum", label: "Map", default: "dm1", options: ["dm1", "ctf1"], labels: { dm1: "Death match" } }),
    ["Death match", "Death match, ctf1"],
  );
});
