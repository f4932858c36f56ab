import test from "ava";
import type { Game } from "../api/types.ts";
import { Failure } from "../failure.ts";
import { unseen } from "./follow.ts";
import { assignment, freeName, openSecrets, planOf, requestOf, valueOf, variablesFrom } from "./plan.ts";
import { joinAddress } from "./words.ts";

const game = {
  id: "tiny",
  name: "Tiny",
  description: "",
  logo: null,
  cpu: 1,
  memoryBytes: 64 * 1024 ** 2,
  ports: { game: { protocol: "tcp", container: 4000 } },
  variables: {
    MAX: { type: "integer", label: "Players", default: 8 },
    PVP: { type: "boolean", label: "Fight", default: true },
    PASSWORD: { type: "string", label: "Password", default: "", secret: true },
  },
} as unknown as Game;

test("a value becomes what its variable takes; what does not fit is left for the API to refuse", (t) => {
  t.is(valueOf(game.variables["MAX"], "12"), 12);
  t.is(valueOf(game.variables["MAX"], "many"), "many");
  t.is(valueOf(game.variables["PVP"], "Off"), false);
  t.is(valueOf(game.variables["PVP"], "perhaps"), "perhaps");
  t.is(valueOf(game.variables["PASSWORD"], "12"), "12");
});

test("an assignment may hold more equals signs, and must hold one", (t) => {
  t.deepEqual(assignment("--set", "MOTD=a=b"), ["MOTD", "a=b"]);
  t.deepEqual(assignment("--set", "MOTD="), ["MOTD", ""]);
  for (const text of ["MOTD", "=x"]) t.throws(() => assignment("--set", text), { instanceOf: Failure });
});

test("a request holds only what was said", (t) => {
  t.deepEqual(requestOf(game, "a", {}, {}), { game: "tiny", name: "a" });
  t.deepEqual(requestOf(game, "a", { idle: "never", port: ["game=2000"], want: "auto" }, { MAX: "3" }), {
    game: "tiny",
    name: "a",
    variables: { MAX: 3 },
    ports: { game: 2000 },
    idleSeconds: null,
    want: "auto",
  });
  t.regex(t.throws(() => requestOf(game, "a", {}, { MIN: "3" })).message, /no variable MIN/);
  t.throws(() => requestOf(game, "a", { port: ["game=x"] }, {}), { instanceOf: Failure });
});

test("what a game requires is asked for before anything is made", (t) => {
  const EULA = { type: "boolean", label: "I accept the licence", default: false, required: true } as const;
  const licensed = { ...game, variables: { ...game.variables, EULA } } as Game;
  const refused = t.throws<Failure>(() => requestOf(licensed, "a", {}, {}), { instanceOf: Failure });
  t.is(refused.message, "Tiny needs EULA: I accept the licence.");
  t.deepEqual(variablesFrom(licensed, { EULA: "yes" }), { EULA: true });
  t.throws(() => variablesFrom(licensed, { EULA: "no" }), { instanceOf: Failure });
});

test("a plan has the ports of the switches that are on, and the server's name where the game shows one", (t) => {
  const TITLE = { type: "string", label: "Title", default: "x", serverName: true } as const;
  const wide = {
    ...game,
    ports: { ...game.ports, tv: { protocol: "udp", container: 1, when: "PVP" } },
    variables: { ...game.variables, TITLE },
  } as Game;
  const names = (given: Record<string, string>) => planOf(wide, requestOf(wide, "arena", {}, given), {});
  t.false(names({}).some(({ name }) => name === "Port tv"));
  t.true(names({ PVP: "on" }).some(({ name }) => name === "Port tv"));
  t.is(names({}).find(({ name }) => name === "TITLE")?.value, "arena");
});

test("a name is one that no other server has", (t) => {
  t.is(freeName("Tiny", []), "Tiny");
  t.is(freeName("Tiny", ["tiny", "Tiny 2"]), "Tiny 3");
});

test("each value of a plan says why, and no secret is shown", (t) => {
  const plan = planOf(game, requestOf(game, "a", { name: "a" }, { MAX: "3", PASSWORD: "hush" }), { name: "a" });
  const line = (wanted: string) => plan.find(({ name }) => name === wanted);
  t.deepEqual(line("MAX"), { name: "MAX", value: "3", why: "you said so" });
  t.is(line("PVP")?.why, "the game's own; --set");
  t.is(line("PASSWORD")?.value, "********");
  t.true(plan.every(({ why }) => why !== ""));
  t.deepEqual(openSecrets(game, ["PASSWORD=hush", "MAX=3"]), ["PASSWORD"]);
  t.deepEqual(openSecrets(game, ["PASSWORD=@file"]), []);
});

test("a followed log goes on after the last line that was shown", (t) => {
  t.deepEqual(unseen(["a", "b", "c"], ["b", "c", "d", "e"]), ["d", "e"]);
  t.deepEqual(unseen(["a", "b", "c"], ["c", "d"]), ["d"], "the tail begins later than what is remembered");
  t.deepEqual(
    unseen(["x", "x"], ["x", "x", "x"]),
    [],
    "as late as it can be: lines that are alike are not shown twice",
  );
  t.deepEqual(unseen(["a", "b"], ["a", "b"]), []);
  t.deepEqual(unseen([], ["a"]), ["a"]);
  t.is(unseen(["a", "b"], ["y", "z"]), null);
  t.deepEqual(unseen(["a", "b"], ["b", "y", "a"]), ["y", "a"], "a line that is like an earlier one is news");
});

test("a run whose beginning is known better after the gap is the same run", (t) => {
  const seam = (time: string) => `── started 2026-01-02T03:04:${time}Z ──`;
  t.deepEqual(unseen([seam("05.100"), "a"], [seam("05.180"), "a", "b"]), ["b"]);
  t.deepEqual(unseen([seam("05.100")], [seam("05.100"), seam("09.000")]), [seam("09.000")]);
});

test("an address is as games take it", (t) => {
  const address = { name: "game", protocol: "tcp", port: 20_001 } as const;
  t.is(joinAddress({ addresses: [{ ...address, host: "192.0.2.1" }] }), "192.0.2.1:20001");
  t.is(joinAddress({ addresses: [{ ...address, host: "2001:db8::1" }] }), "[2001:db8::1]:20001");
  t.is(joinAddress({ addresses: [] }), "");
});
