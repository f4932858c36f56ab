/**
 * How long a server slept the last times, as a histogram: what a policy of when to sleep deeper goes by. After "Serverless
 * in the Wild" (Shahrad et al., USENIX ATC 2020), with bins that double instead of ones of a minute. Pure.
 */

/** Counts by length: up to 1, 2, 4, … minutes, the last bin for all that is longer. */
export type Naps = readonly number[];

const napBins = 16;
/** Old habits fade: from here on all counts are halved. */
const napsMax = 64;
/** With fewer nothing is known. */
const napsLeast = 5;
const minuteMs = 60_000;

/** The upper end of a bin, ms. */
export const napMs = (bin: number): number => minuteMs * 2 ** bin;

/** One more sleep, which lasted `ms`. */
export function withNap(naps: Naps, ms: number): Naps {
  const counts = Array.from({ length: napBins }, (_, bin) => naps[bin] ?? 0);
  const found = counts.findIndex((_, bin) => ms <= napMs(bin));
  counts[found === -1 ? napBins - 1 : found]!++;
  return total(counts) > napsMax ? counts.map((count) => Math.floor(count / 2)) : counts;
}

const total = (naps: Naps): number => naps.reduce((sum, count) => sum + count, 0);

/** How many sleeps are remembered; 0 while they are too few to go by. */
export function known(naps: Naps): number {
  const all = total(naps);
  return all < napsLeast ? 0 : all;
}

/** How many of them ended within `ms`. */
export const endedWithin = (naps: Naps, ms: number): number =>
  naps.reduce((sum, count, bin) => sum + (napMs(bin) <= ms ? count : 0), 0);

/**
 * For how long it pays to keep what a wake would need, when one wake that finds it is worth `worthMs` of keeping it: the time
 * that gains most over its sleeps. One that sleeps for hours or for minutes and never between is kept for those minutes.
 * `leastMs` and `mostMs` bound the answer.
 */
export function paysFor(
  naps: Naps,
  { worthMs, leastMs, mostMs }: Record<"worthMs" | "leastMs" | "mostMs", number>,
): number {
  const all = total(naps);
  const gain = (keptMs: number): number => {
    const spent = naps.reduce((sum, count, bin) => sum + count * Math.min(middle(bin), keptMs), 0);
    return endedWithin(naps, keptMs) / all - spent / all / worthMs;
  };
  const choices = naps.map((_, bin) => napMs(bin)).filter((ms) => ms > leastMs && ms <= mostMs);
  let best = leastMs;
  for (const ms of choices) if (gain(ms) > gain(best)) best = ms;
  return best;
}

const middle = (bin: number): number => napMs(bin) * 0.75;
