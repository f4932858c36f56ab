/** Counts with a limit, by key and in common. Keys at zero are forgotten. */

/** A maximum per key, e.g. connections per source. */
export interface Counted {
  /** Counts one more for `key`; false, and nothing counted, when it has its maximum. */
  take(key: string): boolean;
  give(key: string): void;
}

export function counted(max: number): Counted {
  const counts = new Map<string, number>();
  return {
    take(key) {
      const count = counts.get(key) ?? 0;
      if (count >= max) return false;
      counts.set(key, count + 1);
      return true;
    },
    give(key) {
      const count = counts.get(key) ?? 0;
      if (count <= 1) counts.delete(key);
      else counts.set(key, count - 1);
    },
  };
}

/** An amount that all servers draw on, e.g. bytes or file descriptors. */
export interface Shares {
  take(server: string, amount: number): boolean;
  /** Takes even what is not there: for what has happened already and is bounded elsewhere. */
  force(server: string, amount: number): void;
  give(server: string, amount: number): void;
  /** Nothing more is there for this server. */
  full(server: string): boolean;
  /** Makes the whole smaller, or larger again by a negative `amount`. */
  reserve(amount: number): void;
}

/**
 * Every one of `servers()` has an equal part of one half of `max` to itself; the rest is for whoever comes first. So
 * however many servers are flooded, none takes what is another's.
 */
export function shares(max: number, servers: () => number): Shares {
  const used = new Map<string, number>();
  let total = 0;
  let reserved = 0;
  const fits = (server: string, amount: number): boolean => {
    const half = (max - reserved) / 2;
    const own = half / Math.max(1, servers());
    return total + amount <= half + own || (used.get(server) ?? 0) + amount <= own;
  };
  const force = (server: string, amount: number): void => {
    const next = (used.get(server) ?? 0) + amount;
    total += amount;
    if (next > 0) used.set(server, next);
    else used.delete(server);
  };
  return {
    take(server, amount) {
      if (!fits(server, amount)) return false;
      force(server, amount);
      return true;
    },
    force,
    give: (server, amount) => force(server, -amount),
    full: (server) => !fits(server, 1),
    reserve: (amount) => void (reserved += amount),
  };
}
