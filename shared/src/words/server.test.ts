import test from "ava";
import { playersLost, stateText, story as storyAt, titleOf, wokenBy, type Story } from "./server.ts";

const base: Story = {
  state: "Running",
  have: "ready",
  want: "auto",
  tier: null,
  cause: null,
  players: { online: 0, max: 8 },
  progress: null,
  error: null,
  idleSeconds: 900,
  node: { name: "home" },
  retry: null,
  sleepsAt: null,
};

const story = (server: Story, now = 1000): string => storyAt(server, now);

test("a player who joins is named by the address alone", (t) => {
  t.is(wokenBy({ kind: "packet", source: "1.2.3.4:5", port: "game" }), "by a player (1.2.3.4)");
  t.is(wokenBy({ kind: "packet", source: "[2001:db8::1]:5" }), "by a player (2001:db8::1)");
  t.is(wokenBy({ kind: "packet" }), "by a player");
  t.is(wokenBy({ kind: "idle" }), undefined);
  t.is(wokenBy(null), undefined);
});

test("a running server says who plays and when it will sleep", (t) => {
  const players = (online: number, names?: string[]) => ({
    ...base,
    players: { online, max: 8, ...(names && { names }) },
  });
  t.is(story(base), "Nobody is on. It sleeps after 15 min without players.");
  t.is(story({ ...base, sleepsAt: 241_000 }), "Nobody is on. It sleeps in 4 min.");
  t.is(story(players(1, ["Mia"])), "Mia is playing. It sleeps 15 min after the last one leaves.");
  t.true(story(players(2, ["Mia", "Ada"])).startsWith("Mia and Ada are playing."));
  t.true(story(players(4, ["Mia", "Ada", "Jo", "Lu"])).startsWith("Mia, Ada and 2 more are playing."));
  t.true(story(players(3)).startsWith("3 players are on."));
  t.is(story({ ...base, idleSeconds: null }), "Nobody is on. It never sleeps by itself.");
  t.is(story({ ...base, want: "running" }), "Nobody is on. It is always awake.");
});

test("who would be disconnected is counted", (t) => {
  t.is(playersLost(null), undefined);
  t.is(playersLost({ online: 0, max: 8 }), undefined);
  t.is(playersLost({ online: 1, max: 8 }), "1 person is playing and will be disconnected.");
  t.is(playersLost({ online: 2, max: 8 }), "2 people are playing. They will be disconnected.");
});

test("a change that is under way is told more finely than the six words", (t) => {
  const text = (state: Story["state"], have: Story["have"], code?: string) =>
    stateText({ state, have, error: code === undefined ? null : { code, message: "…" } });
  t.is(text("Running", "hibernating"), "Falling asleep");
  t.is(text("Running", "stopping"), "Stopping");
  t.is(text("Asleep", "hibernated"), "Asleep");
  t.is(text("Stopped", "stopped"), "Off");
  t.is(text("Crashed", "failed", "game_crashed"), "Crashed");
  t.is(text("Crashed", "failed", "image_build_failed"), "Failed", "what never ran did not crash");
});

test("a waking server says why and what it is at", (t) => {
  const waking: Story = { ...base, state: "Waking", have: "starting", cause: { kind: "packet", source: "1.2.3.4:5" } };
  t.is(story(waking), "Woken by a player (1.2.3.4). The game is starting.");
  t.is(
    story({ ...waking, progress: { step: "ready", text: "Waiting for the first answer" } }),
    "Woken by a player (1.2.3.4). Waiting for the first answer…",
  );
});

test("a crash is named, and an unknown code is no crash of ours", (t) => {
  const error = { code: "out_of_memory", message: "…" };
  t.regex(
    story({ ...base, state: "Crashed", have: "failed", error }),
    /^The game ran out of memory\. It is tried again when somebody joins, not by itself\.$/,
  );
  const crashed: Story = {
    ...base,
    state: "Crashed",
    have: "failed",
    error,
    retry: { attempt: 3, max: 5, at: 21_000 },
  };
  t.is(story(crashed), "The game ran out of memory. It is tried again in 20 s, try 3 of 5.");
  t.regex(story({ ...crashed, retry: { attempt: 5, max: 5, at: null } }), /, not by itself\.$/);
  t.is(titleOf({ code: "toString" }), "Something is wrong");
});

test("a silent node is not called off", (t) => {
  t.regex(story({ ...base, state: "Unknown", have: "unknown" }), /No contact with home\..*may well be running/);
});
