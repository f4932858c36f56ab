import test from "ava";
import { cores, latest, percent, points, runs, sampleMs, windowMs, withSample, type Sample } from "./stats.ts";

const now = 10 * windowMs;
const sample = (ago: number, cpuPercent = 50): Sample => ({
  at: now - ago,
  cpuPercent,
  memoryBytes: 1024,
  memoryPercent: 10,
});

test("what is older than the window is forgotten, and nothing is kept twice", (t) => {
  const kept = withSample([sample(windowMs + 1), sample(sampleMs), sample(0, 1)], sample(0, 2));
  t.deepEqual(
    kept.map(({ at, cpuPercent }) => [now - at, cpuPercent]),
    [
      [sampleMs, 50],
      [0, 2],
    ],
  );
});

test("a gap stays a gap: no line is drawn through a time that nobody measured", (t) => {
  const samples = [sample(60_000), sample(55_000), sample(10_000), sample(5_000), sample(0)];
  t.deepEqual(
    runs(samples).map((run) => run.length),
    [2, 3],
  );
  t.deepEqual(runs([]), []);
});

test("an old sample says nothing of now", (t) => {
  t.is(latest([sample(sampleMs)], now)?.at, now - sampleMs);
  t.is(latest([sample(3 * sampleMs)], now), undefined);
  t.is(latest([], now), undefined);
});

test("points are shares of the window and of the limit, and never leave the chart", (t) => {
  const drawn = points([sample(windowMs, 100), sample(0, 900), sample(-900, 20)], now, 200, (one) => one.cpuPercent);
  t.deepEqual(drawn, [
    [{ x: 0, y: 0.5 }],
    [
      { x: 1, y: 1 },
      { x: 1, y: 0.1 },
    ],
  ]);
  t.deepEqual(
    points([sample(0)], now, 0, (one) => one.cpuPercent),
    [[{ x: 1, y: 0 }]],
  );
});

test("figures are as short as they may be", (t) => {
  t.deepEqual([0, 3.4, 34, 100, 250, 99.9].map(cores), [
    "0 cores",
    "0.03 cores",
    "0.34 cores",
    "1 core",
    "2.5 cores",
    "1 core",
  ]);
  t.deepEqual([0, 0.3, 66.6].map(percent), ["0 %", "< 1 %", "67 %"]);
});
