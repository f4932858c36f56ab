import test from "ava";
import { fold, isTold, tell } from "./timeline.ts";

const event = (kind: string, cause: Record<string, unknown> | null = null, data: Record<string, unknown> = {}) => ({
  kind,
  cause,
  data,
});

test("wakes and sleeps come with their cause", (t) => {
  const packet = event("wake", { kind: "packet", source: "1.2.3.4:5", port: "game" });
  t.is(tell(packet, 900).text, "Woken by a player (1.2.3.4)");
  t.is(tell(event("wake", { kind: "deploy" }), 900).text, "Started to prove that it runs");
  t.is(tell(event("wake_requested", { kind: "webhook" }), 900).text, "Wake asked for by webhook");
  t.is(tell(event("wake_requested"), 900).text, "Wake asked for");
  t.is(tell(event("sleep", { kind: "idle" }), 900).text, "Asleep after 15 min empty");
  t.is(tell(event("sleep", { kind: "idle" }), null).text, "Asleep because it was empty");
  t.is(tell(event("sleep", { kind: "api" }), 900).text, "Asleep, sent to sleep by hand");
});

test("who was turned away is told with why, how often and by whom", (t) => {
  const data = { reason: "not_allowed", count: 12, sources: 3, source: "192.0.2.1", limit: "flows" };
  t.like(tell(event("refused", null, data), null), {
    text: "Turned away: not on the list of who may wake it",
    note: "12 attempts by 192.0.2.1 and 2 other addresses",
  });
});

test("figures stand in the second line", (t) => {
  t.is(tell(event("ready", null, { totalMs: 4321 }), null).note, "after 4.3 s");
  t.is(tell(event("crash", null, { exitCode: 137 }), null).note, "exit code 137");
  t.is(tell(event("updated", null, { fields: "name, idleSeconds" }), null).note, "name, idle time");
  t.is(tell(event("player_join", null, { name: "Mia" }), null).text, "Mia joined");
});

test("a failed build is one line, and what it said is folded without its colours", (t) => {
  const message = "The build ended.\n\u001b[31mnpm error\u001b[0m no such package";
  t.deepEqual(tell(event("failed", null, { code: "image_build_failed", message }), null), {
    tone: "crashed",
    text: "The image could not be built",
    details: "The build ended.\nnpm error no such package",
  });
  const long = tell(event("crash", null, { code: "game_crashed", exitCode: 2, message }), null);
  t.is(long.note, "exit code 2");
  t.regex(long.details!, /no such package$/);
});

test("a game that was turned off is no trouble, unless it had to be forced or did not save", (t) => {
  t.deepEqual(tell(event("exit", null, { exitCode: 143, forced: false }), null), { tone: "quiet", text: "Turned off" });
  t.regex(tell(event("exit", null, { exitCode: 137, forced: true }), null).note!, /by force/);
  t.is(tell(event("exit", null, { forced: true, saveError: "It did not save." }), null).note, "It did not save.");
});

test("what happens again and again is told once, with a count and the newest time", (t) => {
  const at = (n: number, kind: string) => ({ ...event(kind), at: n });
  const folded = fold([at(5, "crash"), at(4, "crash"), at(3, "player_join"), at(2, "crash")], null);
  t.deepEqual(
    folded.map(({ event: { at: newest }, told, times }) => [newest, told.text, times]),
    [
      [5, "The game crashed", 2],
      [3, "A player joined", 1],
      [2, "The game crashed", 1],
    ],
  );
});

test("tries that failed alike are one line; what led to the first failure stays", (t) => {
  const failed = event("failed", null, { code: "image_pull_failed", message: "no such host" });
  const again = event("wake", { kind: "retry" });
  const texts = (events: Parameters<typeof fold>[0]) =>
    fold(events, null).map(({ told, times }) => `${told.text} ${times}`);
  t.deepEqual(texts([failed, again, failed, again, failed, event("wake", { kind: "deploy" })]), [
    "The image could not be pulled 3",
    "Started to prove that it runs 1",
  ]);
  t.deepEqual(texts([event("ready"), again, failed]), [
    "Ready for players 1",
    "Tried again by itself 1",
    "The image could not be pulled 1",
  ]);
});

test("a kind that this dashboard does not know is shown as it is", (t) => {
  t.deepEqual(tell(event("moon_landing", { kind: "new in v9" }), null), { tone: "quiet", text: "Moon landing" });
  t.is(tell(event("wake", { kind: "new in v9" }), null).text, "Woken");
});

test("the usage journal is not for people", (t) => {
  t.false(isTold({ kind: "usage" }));
  t.true(isTold({ kind: "wake" }));
});
