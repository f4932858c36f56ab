import test from "ava";
import { isTold, tell } from "./timeline.ts";

const event = (kind: string, cause: Record<string, unknown> | null = null, data: Record<string, unknown> = {}) => ({
  kind,
  cause,
  data,
});

test("wakes and sleeps come with their cause", (t) => {
  const packet = event("wake", { kind: "packet", source: "1.2.3.4:5", port: "game" });
  t.is(tell(packet, 900).text, "Woken by a packet from 1.2.3.4:5 on game");
  t.is(tell(event("sleep", { kind: "idle" }), 900).text, "Asleep after 15 min empty");
  t.is(tell(event("sleep", { kind: "idle" }), null).text, "Asleep because it was empty");
  t.is(tell(event("sleep", { kind: "api" }), 900).text, "Asleep, sent to sleep by hand");
});

test("figures stand in the second line", (t) => {
  t.is(tell(event("ready", null, { totalMs: 4321 }), null).note, "after 4.3 s");
  t.is(tell(event("crash", null, { exitCode: 137 }), null).note, "exit code 137");
  t.is(tell(event("updated", null, { fields: "name, idleSeconds" }), null).note, "name, idle time");
  t.is(tell(event("player_join", null, { name: "Mia" }), null).text, "Mia joined");
});

test("a kind that this dashboard does not know is shown as it is", (t) => {
  t.deepEqual(tell(event("moon_landing", { kind: "new in v9" }), null), { tone: "quiet", text: "Moon landing" });
  t.is(tell(event("wake", { kind: "new in v9" }), null).text, "Woken");
});

test("the usage journal is not for people", (t) => {
  t.false(isTold({ kind: "usage" }));
  t.true(isTold({ kind: "wake" }));
});
