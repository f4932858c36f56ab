const firstMs = 500;
const mostMs = 15_000;

/** Milliseconds before try `attempt` (0, 1, 2 …): doubled each time up to 15 s, spread by `chance` in [0, 1). */
export const backoffMs = (attempt: number, chance: number): number =>
  Math.round(Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 10)) * (0.5 + chance / 2));
