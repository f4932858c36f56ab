import test from "ava";
import { filled, usualSeconds, wakesMax, withWake, type Wakes } from "./words.ts";

test("how long a wake usually takes is the middle of the newest ones from the same tier", (t) => {
  let wakes: Wakes = {};
  t.is(usualSeconds(wakes, "held"), undefined);
  for (const ms of [900, 60_000, 1200]) wakes = withWake(wakes, "held", ms);
  wakes = withWake(wakes, "cold", 9_400);
  t.deepEqual(
    [usualSeconds(wakes, "held"), usualSeconds(wakes, "cold"), usualSeconds(wakes, null)],
    [2, 10, undefined],
  );
  for (let i = 0; i < wakesMax; i++) wakes = withWake(wakes, "held", 20);
  t.deepEqual([wakes["held"]!.length, usualSeconds(wakes, "held")], [wakesMax, 1]);
});

test("a game's own port becomes the one that players dial, and none where it is not public", (t) => {
  const words = { answer: "a2s", port: "query", motd: "Zzz" } as const;
  const facts = { about: { map: "dm1", joinPort: "26900" }, usualSeconds: undefined };
  t.deepEqual(filled(words, facts, [{ container: 26_900, public: 31_000 }]).about, { map: "dm1", joinPort: "31000" });
  t.deepEqual(filled(words, facts, []).about, { map: "dm1" });
});
