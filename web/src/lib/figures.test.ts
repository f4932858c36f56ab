import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import test from "ava";
import { backoffMs } from "./backoff.ts";
import { bytes } from "./bytes.ts";
import { capabilityText, usageOf } from "./nodes.ts";
import { amount, fraction, headline, overall, stepStates } from "./progress.ts";
import { filtered, grouped, summarise } from "./summary.ts";
import { ago, idleText, isoTime, span } from "./time.ts";
import { urlOf } from "./url.ts";

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

test("back-off doubles, is spread and bounded", (t) => {
  t.is(backoffMs(0, 0), 250);
  t.is(backoffMs(1, 0.999_999), 1000);
  t.true(backoffMs(50, 1) <= 15_000);
});

const server = (id: string, state: StateWord, online: number | null = null) => ({
  id,
  name: `Server ${id}`,
  game: "teeworlds",
  state,
  players: online === null ? null : { online },
  memoryBytes: 100 * mb,
  addresses: [{ host: "10.0.0.1", port: 20_000 }],
});

test("the list puts trouble first and sums up what rests", (t) => {
  const servers = [server("a", "Asleep"), server("b", "Running", 3), server("c", "Crashed"), server("d", "Asleep")];
  t.deepEqual(
    grouped(servers).map(({ title, servers: { length } }) => [title, length]),
    [
      ["Needs a look", 1],
      ["Awake", 1],
      ["Asleep", 2],
    ],
  );
  t.deepEqual(summarise([...servers, server("e", "Deploying"), server("f", "Stopped")]), [
    "1 needs a look",
    "3 players online",
    "2 awake",
    "2 asleep, saving 200 MB",
    "1 off",
  ]);
});

test("the filter wants every word, in any place", (t) => {
  const servers = [server("a", "Asleep"), server("b", "Running")];
  t.is(filtered(servers, " ASLEEP server ").length, 1);
  t.is(filtered(servers, "10.0.0.1:20000").length, 2);
  t.is(filtered(servers, "asleep running").length, 0);
  t.is(filtered(servers, "").length, 2);
  t.is(filtered(servers, "shooter", () => "Teeworlds, a shooter").length, 2, "the name that is shown");
  t.is(filtered([server("a", "Stopped"), server("b", "Running")], "off").length, 1);
  t.is(filtered([server("a", "Stopped"), server("b", "Running")], "awake").length, 1);
});

test("shares of a node's memory never exceed the whole", (t) => {
  const usage = usageOf([server("a", "Running"), server("b", "Asleep")], 150 * mb);
  t.true(usage.awakeShare + usage.asleepShare <= 1);
  t.is(usage.awakeBytes, 100 * mb);
  const silent = usageOf([server("a", "Unknown"), server("b", "Asleep")], 1000 * mb);
  t.deepEqual([silent.awakeBytes, silent.unknownBytes, silent.asleepBytes], [0, 100 * mb, 100 * mb]);
  t.is(usageOf([], 0).awakeShare, 0);
  t.is(capabilityText(true), "yes");
});

test("path parameters and queries are escaped", (t) => {
  t.is(
    urlOf("/servers/{id}/logs", { path: { id: "a/../b" }, query: { tail: 5, cursor: undefined, q: "a&b" } }),
    "/servers/a%2F..%2Fb/logs?tail=5&q=a%26b",
  );
});
