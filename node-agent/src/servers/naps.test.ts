import test from "ava";
import { endedWithin, known, napMs, paysFor, withNap, type Naps } from "./naps.ts";

const minute = 60_000;
const hour = 60 * minute;
const naps = (...lengths: number[]): Naps => lengths.reduce<Naps>((all, ms) => withNap(all, ms), []);
const bounds = { worthMs: hour, leastMs: minute, mostMs: 24 * hour };

test("sleeps are counted by length, and few of them say nothing", (t) => {
  const four = naps(minute, 3 * minute, 3 * minute, 5 * hour);
  t.is(endedWithin(four, 4 * minute), 3);
  t.is(known(four), 0);
  t.is(known(withNap(four, minute)), 5);
});

test("what is remembered is bounded, and old habits fade", (t) => {
  let all = naps();
  for (let i = 0; i < 10_000; i++) all = withNap(all, i * minute);
  t.true(all.length === 16 && known(all) <= 64);
  for (let i = 0; i < 200; i++) all = withNap(all, minute);
  t.true(endedWithin(all, minute) / known(all) > 0.9);
  t.is(endedWithin(withNap([], 1e12), napMs(15)), 1, "the longest have a place, too");
});

test("who comes back within minutes is kept for them, and not for the nights", (t) => {
  const evenings = naps(
    ...Array.from({ length: 12 }, () => 12 * minute),
    ...Array.from({ length: 4 }, () => 18 * hour),
  );
  t.is(paysFor(evenings, bounds), 16 * minute);
});

test("who comes once a day is kept no longer than must be", (t) => {
  t.is(paysFor(naps(...Array.from({ length: 8 }, () => 23 * hour)), bounds), minute);
});

test("the cheaper it is to keep, the longer it pays", (t) => {
  const slow = naps(...Array.from({ length: 8 }, () => 90 * minute));
  t.is(paysFor(slow, bounds), minute);
  t.is(paysFor(slow, { ...bounds, worthMs: 4 * hour }), 128 * minute);
});

test("the answer lies within its bounds, whatever was seen, and a longer worth never shortens it", (t) => {
  let seed = 7;
  const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  for (let i = 0; i < 300; i++) {
    const seen = naps(...Array.from({ length: 5 + Math.floor(random() * 40) }, () => 2 ** (random() * 17) * minute));
    let before = 0;
    for (const worthMs of [minute, hour, 4 * hour, 100 * hour]) {
      const kept = paysFor(seen, { ...bounds, worthMs });
      t.true(kept >= bounds.leastMs && kept <= bounds.mostMs && kept >= before);
      before = kept;
    }
  }
});
