import { readFile } from "node:fs/promises";
import test from "ava";
import { bytes } from "./bytes.ts";
import { capabilityName, capabilityText, joinCommand, startCommands } from "./node.ts";
import { amount, fraction, headline, overall, stepStates } from "./progress.ts";
import { ago, idleText, isoTime, span } from "./time.ts";

const mb = 1024 ** 2;

test("bytes read as people buy them", (t) => {
  t.is(bytes(0), "0 B");
  t.is(bytes(768 * mb), "768 MB");
  t.is(bytes(1.5 * 1024 * mb), "1.5 GB");
  t.is(bytes(-5), "0 B");
});

test("spans have one unit and are never negative", (t) => {
  t.is(span(59_999), "59 s");
  t.is(span(3_599_999), "59 min");
  t.is(span(47 * 3_600_000), "47 h");
  t.is(span(72 * 3_600_000), "3 days");
  t.is(span(-1), "0 s");
  t.is(ago(1000, 3000), "just now");
  t.is(idleText(5400), "1 h 30 min");
  t.is(idleText(null), "never");
});

test("a moment for machines is ISO 8601 in UTC", (t) => {
  t.is(isoTime(1_700_000_000_000), "2023-11-14T22:13:20Z");
});

test("a deploy shows each step, how far it is, and nothing it cannot know", (t) => {
  const pull = { step: "image", text: "Pulling", done: 30 * mb, total: 120 * mb, unit: "bytes" } as const;
  t.is(amount(pull), "30 MB of 120 MB");
  t.is(fraction(pull), 0.25);
  t.is(fraction({ step: "image", text: "Pulling", done: 5 }), null);
  t.is(fraction({ step: "image", text: "Pulling", done: 5, total: 0 }), null);
  t.deepEqual(
    stepStates({ step: "network", text: "" }).map(({ state }) => state),
    ["done", "done", "active", "ahead", "ahead", "ahead"],
  );
  t.deepEqual(stepStates({ step: "save", text: "" }), [{ step: "save", state: "active" }]);
});

test("over all steps a deploy never goes backwards, and ends full", (t) => {
  const shares = [
    { step: "image", text: "", done: 1, total: 9 },
    { step: "image", text: "", done: 9, total: 9 },
    { step: "files", text: "" },
    { step: "network", text: "" },
    { step: "container", text: "" },
    { step: "game", text: "" },
    { step: "ready", text: "", done: 1, total: 1 },
  ] as const;
  const at = shares.map((progress) => overall(progress)!.at);
  t.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
  );
  t.true(Math.abs(at.at(-1)! - 1) < 1e-9);
  t.is(overall({ step: "save", text: "" }), null);
});

test("the command of a build stands apart from what it is for", (t) => {
  t.deepEqual(headline({ step: "image", text: "Building: RUN npm ci" }), {
    text: "Building the image",
    command: "RUN npm ci",
  });
  t.deepEqual(headline({ step: "image", text: "Pulling debian:13" }), { text: "Pulling debian:13" });
});

test("what a newer agent can is shown under its own name", (t) => {
  t.deepEqual([capabilityName("engine"), capabilityText(true)], ["Docker Engine", "yes"]);
  t.deepEqual([capabilityName("tpm"), capabilityText(2)], ["tpm", "2"]);
  t.deepEqual(
    [capabilityText(1_048_576), capabilityText("*"), capabilityText("itzg/*")],
    ["1,048,576", "any", "itzg/*"],
  );
});

test("a node is joined by one line", (t) => {
  t.is(
    joinCommand("https://a.example", "tok"),
    "PLAYSPAWN_CONTROL_URL=https://a.example PLAYSPAWN_JOIN_TOKEN=tok ./scripts/start --node",
  );
});

test("what the three ways of starting a node have in common stands once", async (t) => {
  const { settings, starts } = startCommands("https://a.example", "tok");
  t.is(settings, "export PLAYSPAWN_CONTROL_URL=https://a.example PLAYSPAWN_JOIN_TOKEN=tok");
  const page = await readFile(new URL("../../../docs/nodes.md", import.meta.url), "utf8");
  for (const { command } of starts) t.true(page.includes(command), `docs/nodes.md does not know ${command}`);
});
