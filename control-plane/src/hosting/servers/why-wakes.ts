/** How long a server's wakes take, by the tier that it slept in, from what its node told of each. Pure. */
import { tiers, type Tier } from "@playspawn/shared";

export interface Spread {
  p50: number;
  p95: number;
}

export interface WakeTimes {
  tier: Tier;
  wakes: number;
  /** From what woke it until players were let in, ms. */
  totalMs: Spread;
  /** The engine's share; null where no wake of this tier told it. */
  engineMs: Spread | null;
  /** The game's share. */
  bootMs: Spread | null;
}

/** Nearest rank: the smallest value that at least `p` per cent do not exceed. */
function rank(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)]!;
}

function spreadOf(values: readonly unknown[]): Spread | null {
  const known = values
    .filter((value): value is number => typeof value === "number" && value >= 0)
    .toSorted((a, b) => a - b);
  return known.length === 0 ? null : { p50: rank(known, 50), p95: rank(known, 95) };
}

/** @param figures data of `ready` events; those that do not say where they woke from are left out */
export function wakeTimes(figures: readonly Record<string, unknown>[]): WakeTimes[] {
  return tiers.flatMap((tier) => {
    const of = figures.filter((one) => one["tier"] === tier && typeof one["totalMs"] === "number");
    const totalMs = spreadOf(of.map((one) => one["totalMs"]));
    if (!totalMs) return [];
    const [engineMs, bootMs] = [spreadOf(of.map((one) => one["engineMs"])), spreadOf(of.map((one) => one["bootMs"]))];
    return [{ tier, wakes: of.length, totalMs, engineMs, bootMs }];
  });
}
