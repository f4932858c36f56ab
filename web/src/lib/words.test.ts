import test from "ava";
import { stateText, story, titleOf, wokenBy, type Story } from "./words.ts";

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
};

test("a packet is named with where it came from", (t) => {
  t.is(wokenBy({ kind: "packet", source: "1.2.3.4:5", port: "game" }), "by a packet from 1.2.3.4:5 on game");
  t.is(wokenBy({ kind: "packet" }), "by a packet");
  t.is(wokenBy({ kind: "idle" }), undefined);
  t.is(wokenBy(null), undefined);
});

test("a running server says who plays and when it will sleep", (t) => {
  const players = (online: number, names?: string[]) => ({
    ...base,
    players: { online, max: 8, ...(names && { names }) },
  });
  t.is(story(base), "Nobody is on. It sleeps after 15 min without players.");
  t.is(story(players(1, ["Mia"])), "Mia is playing. It sleeps 15 min after the last one leaves.");
  t.true(story(players(2, ["Mia", "Ada"])).startsWith("Mia and Ada are playing."));
  t.true(story(players(4, ["Mia", "Ada", "Jo", "Lu"])).startsWith("Mia, Ada and 2 more are playing."));
  t.true(story(players(3)).startsWith("3 players are on."));
  t.is(story({ ...base, idleSeconds: null }), "Nobody is on. It never sleeps by itself.");
  t.is(story({ ...base, want: "running" }), "Nobody is on. It is kept awake.");
});

test("a change that is under way is told more finely than the six words", (t) => {
  t.is(stateText({ state: "Running", have: "hibernating" }), "Falling asleep");
  t.is(stateText({ state: "Running", have: "stopping" }), "Stopping");
  t.is(stateText({ state: "Asleep", have: "hibernated" }), "Asleep");
});

test("a waking server says why and what it is at", (t) => {
  const waking: Story = { ...base, state: "Waking", have: "starting", cause: { kind: "packet", source: "1.2.3.4:5" } };
  t.is(story(waking), "Woken by a packet from 1.2.3.4:5. The game is starting.");
  t.is(
    story({ ...waking, progress: { step: "ready", text: "Waiting for the first answer" } }),
    "Woken by a packet from 1.2.3.4:5. Waiting for the first answer…",
  );
});

test("a crash is named, and an unknown code is no crash of ours", (t) => {
  const error = { code: "out_of_memory", message: "…" };
  t.is(story({ ...base, state: "Crashed", have: "failed", error }), "The game ran out of memory.");
  t.is(titleOf({ code: "toString" }), "Something is wrong");
});

test("a silent node is not called off", (t) => {
  t.regex(story({ ...base, state: "Unknown", have: "unknown" }), /No contact with home\..*may well be running/);
});
