import test from "ava";
import { Failure, failureOf } from "../failure.ts";
import type { Io, Output } from "./io.ts";
import { facts, table } from "./table.ts";
import { tell } from "./tell.ts";
import { cut, harmless, widthOf, wrap } from "./text.ts";

const output = (width: number | null, written: string[] = []): Output => ({
  isTerminal: width !== null,
  width,
  write: (text) => void written.push(text),
  pipe: () => Promise.reject(new Error("not here")),
  paint: (_style, text) => text,
});

const columns = [{ title: "NAME" }, { title: "STATE" }, { title: "NODE", drop: 1 }, { title: "ID", drop: 2 }];
const rows = [
  ["foxes", { text: "Running", style: "green" }, "home-1", "srv_01m7yzs1weh50k3be8eqv1qvfe"],
  ["a very long name of a server", "Asleep", "home-1", "srv_01m7yzs2xt1fm5s68k5ayz0rdm"],
] as const;

test("a table fits the terminal: columns are left out, then cut", (t) => {
  for (const width of [120, 80, 60, 40, 20]) {
    const lines = table(output(width), columns, rows).trimEnd().split("\n");
    t.is(lines.length, 3);
    for (const line of lines) t.true(widthOf(line) <= width, `${width}: ${line}`);
  }
  t.regex(table(output(120), columns, rows), /^NAME +STATE +NODE +ID\n/);
  t.regex(table(output(60), columns, rows), /^NAME +STATE +NODE\n/);
  t.regex(table(output(20), columns, rows), /^a very lon… {2}Asleep$/m);
});

test("prose is cut before it is left out", (t) => {
  const prose = [{ title: "ID" }, { title: "ABOUT", drop: 1, prose: true }];
  const one = [["tiny", "A game that has a great deal to say about itself."]];
  t.regex(table(output(30), prose, one), /^tiny {2}A game that has a great…$/m);
  t.regex(table(output(20), prose, one), /^tiny$/m);
});

test("in a pipe each row is a line with tabs, whole and without titles", (t) => {
  t.is(
    table(output(null), columns, rows),
    "foxes\tRunning\thome-1\tsrv_01m7yzs1weh50k3be8eqv1qvfe\n" +
      "a very long name of a server\tAsleep\thome-1\tsrv_01m7yzs2xt1fm5s68k5ayz0rdm\n",
  );
  t.is(table(output(null), [{ title: "A" }], [["tab\there\nand line"]]), "tab here and line\n");
});

test("facts are wrapped beside their names", (t) => {
  t.is(
    facts(output(24), [
      ["Name", "foxes"],
      ["", "it sleeps in nine minutes"],
    ]),
    "Name  foxes\n      it sleeps in nine\n      minutes\n",
  );
  t.is(facts(output(null), [["Name", "foxes"]]), "Name\tfoxes\n");
});

test("width is that of the screen: wide letters count twice", (t) => {
  t.is(widthOf("狐狸"), 4);
  t.is(cut("狐狸の家", 5), "狐狸…");
  t.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  t.deepEqual(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
});

test("a game cannot move the cursor, set the title or fill the clipboard of who reads its log", (t) => {
  t.is(harmless("a\u001B]52;c;cm0gLXJm\u0007b\u001B[2Jc\rd\u0000\u009B31me\tf"), "abcd31me\tf");
  t.is(harmless("\u001B[31mred\u001B[0m \u001B[1A", { keepColours: true }), "\u001B[31mred\u001B[0m ");
  t.is(harmless("\u001B[31mred\u001B[0m"), "red");
  t.is(harmless("mia\u202E: \u2066nimda\u2069 \u05D0\u200F", { keepColours: true }), "mia: nimda \u05D0\u200F");
  t.is(harmless("\u001BP1$r\u001B\\x\u001BcY"), "xY");
});

const told = (failure: Failure, { json = false, width = null as number | null } = {}): string => {
  const written: string[] = [];
  tell({ err: output(width, written) } as Io, failure, { json });
  return written.join("");
};

const problem = {
  status: 422,
  code: "invalid_variables",
  title: "The variables are not valid",
  detail: "One field is not valid: /variables/MAX must be at most 64.",
  requestId: "req_1",
  faults: [
    { pointer: "/variables/MAX", detail: "must be at most 64" },
    { pointer: "/ports/game", detail: "is taken" },
    { pointer: "/idleSeconds", detail: "must be at least 1" },
    { pointer: "/elsewhere", detail: "is not a known field" },
  ],
};

test("faults stand under the options they belong to, and the request can be found", (t) => {
  t.is(
    told(failureOf(problem)),
    "playspawn: The variables are not valid.\n  --set MAX must be at most 64\n  --port game is taken\n" +
      "  --idle must be at least 1\n  /elsewhere is not a known field\nRequest req_1\n",
  );
});

test("a sentence comes with what to do, and fits the terminal", (t) => {
  const failure = new Failure(1, "Nothing answers at http://127.0.0.1:1.", { hints: ["Start it."] });
  t.is(told(failure), "playspawn: Nothing answers at http://127.0.0.1:1.\nStart it.\n");
  for (const line of told(failure, { width: 24 }).split("\n")) t.true(line.length <= 24, line);
  t.is(told(new Failure(130, "")), "");
});

test("with --json a failure is one object, with the exit code in it", (t) => {
  const document = { type: "/errors/invalid_variables", code: "invalid_variables", instance: "req_1" };
  const json = JSON.parse(told(failureOf(problem, { document }), { json: true })) as Record<string, unknown>;
  t.is(json["code"], "invalid_variables");
  t.is(json["exitCode"], 2);
  t.is(json["instance"], "req_1");
  t.false("requestId" in json);
});

test("who was held back learns for how long", (t) => {
  const { faults: _none, ...held } = problem;
  t.regex(told(failureOf({ ...held, faults: [], retryAfterSeconds: 7 })), /Try again in 7 s\./);
});
