import test from "ava";
import { isDeeper, tiers, type Tier } from "@playspawn/shared";
import { withNap, type Naps } from "./naps.ts";
import { ableTiers, verdict, type Outlook } from "./tiering.ts";

const minute = 60_000;
const hour = 60 * minute;
const base: Outlook = {
  tier: "paused",
  asleepMs: 0,
  holds: { pausedMs: minute, deepMs: hour, heldMs: 23 * hour },
  naps: [],
  ability: { pause: true, deep: true },
  suits: tiers,
  stuck: false,
  stiff: false,
  pressed: null,
  stale: false,
  holderLost: false,
};
const often = (ms: number, times = 8): Naps =>
  Array.from({ length: times }).reduce<Naps>((all) => withNap(all, ms), []);
const walk = (change: Partial<Outlook>): string[] => {
  const due: string[] = [];
  let tier: Tier | null = null;
  for (let at = 0; at <= 30 * hour; at += minute) {
    const found: Tier = verdict({ ...base, tier, ...change, asleepMs: at }).due;
    tier = tier !== null && isDeeper(tier, found) ? tier : found;
    if (due.at(-1)?.split(" ")[0] !== tier) due.push(`${tier} ${at / minute}`);
  }
  return due;
};

test("without habits the node's times hold", (t) => {
  t.deepEqual(walk({}), ["paused 0", "deep 1", "held 61", "cold 1441"]);
  t.regex(verdict(base).why, /too seldom/);
  t.deepEqual(verdict(base).next, { tier: "deep", inMs: minute });
  t.like(verdict({ ...base, tier: "deep" }), { due: "paused", next: { tier: "held", inMs: 61 * minute } });
  t.regex(verdict({ ...base, tier: "held" }).why, /deeper than its time/);
});

test("what cannot be had is skipped, and the others keep their times", (t) => {
  t.deepEqual(walk({ ability: { pause: true, deep: false } }), ["paused 0", "held 61", "cold 1441"]);
  t.deepEqual(walk({ stuck: true }), ["paused 0", "held 61", "cold 1441"]);
  t.deepEqual(walk({ ability: { pause: false, deep: false } }), ["held 0", "cold 1380"]);
  t.deepEqual(walk({ suits: ["held", "cold"] }), ["held 0", "cold 1380"]);
  t.deepEqual(walk({ suits: ["paused", "cold"] }), ["paused 0", "cold 61"]);
  t.regex(verdict({ ...base, tier: "held", ability: { pause: false, deep: false } }).why, /cannot pause/);
  t.regex(verdict({ ...base, tier: "held", suits: ["held"] }).why, /Its game is not frozen/);
  t.deepEqual(walk({ stiff: true }), ["held 0", "cold 1380"]);
  t.regex(verdict({ ...base, tier: "held", stiff: true }).why, /did not outlive being frozen/);
});

test("one that is back within minutes keeps its memory for them and then sleeps held", (t) => {
  t.deepEqual(walk({ naps: often(5 * minute) }).slice(0, 2), ["paused 0", "held 8"]);
  t.regex(verdict({ ...base, naps: often(5 * minute) }).why, /Of its last 8 sleeps 8 ended within 8 min/);
});

test("one that is back within hours stays frozen where that costs little", (t) => {
  t.deepEqual(walk({ naps: often(100 * minute) }).slice(0, 3), ["paused 0", "deep 1", "held 128"]);
  t.deepEqual(walk({ naps: often(100 * minute), ability: { pause: true, deep: false } }).slice(0, 2), [
    "paused 0",
    "held 1",
  ]);
});

test("memory that is short, settings that changed and a lost holder outweigh time", (t) => {
  t.is(verdict({ ...base, pressed: "deep" }).due, "deep");
  t.is(verdict({ ...base, pressed: "deep", stuck: true }).due, "held");
  t.is(verdict({ ...base, stale: true }).due, "held");
  t.is(verdict({ ...base, tier: "held", stale: true }).due, "paused", "one that is stopped boots with them anyway");
  t.is(verdict({ ...base, holderLost: true }).due, "cold");
  t.is(verdict({ ...base, pressed: "deep", asleepMs: 40 * hour }).due, "cold");
});

test("whatever is true, what is due can be had, and time only ever makes it deeper", (t) => {
  for (const tier of [null, ...tiers])
    for (const pause of [true, false])
      for (const deep of [true, false])
        for (const suits of [tiers, ["held", "cold"], ["paused", "deep", "cold"], ["held"]] as Tier[][])
          for (const naps of [[], often(minute), often(3 * hour), often(40 * hour)])
            for (const pressed of [null, "deep", "held"] as const) {
              const outlook = { ...base, tier, ability: { pause, deep }, suits, naps, pressed };
              let before: Tier = "paused";
              for (const asleepMs of [0, minute, hour, 5 * hour, 100 * hour]) {
                const { due, why, next } = verdict({ ...outlook, asleepMs });
                t.true(ableTiers(outlook).includes(due), JSON.stringify(outlook));
                t.false(isDeeper(before, due), JSON.stringify({ ...outlook, asleepMs }));
                t.true(why.length > 0 && why.length <= 300);
                if (next) t.true(next.inMs > 0 && isDeeper(next.tier, due), JSON.stringify({ ...outlook, asleepMs }));
                before = due;
              }
            }
});
