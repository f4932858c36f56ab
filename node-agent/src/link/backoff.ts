/** Waits between tries: doubling, with full jitter in the upper half, so that many nodes do not come at once. */
import type { Rng } from "@playspawn/shared";

export interface Backoff {
  /** ms until the next try. */
  next(): number;
  reset(): void;
}

export function backoff(rng: Rng, { firstMs, maxMs }: { firstMs: number; maxMs: number }): Backoff {
  let tries = 0;
  return {
    next() {
      const ceiling = Math.min(firstMs * 2 ** tries, maxMs);
      tries = Math.min(tries + 1, 30);
      return ceiling * (0.5 + rng.float() / 2);
    },
    reset() {
      tries = 0;
    },
  };
}
