/** Counts by key with a maximum per key: connections per source, flows per server. Keys at zero are forgotten. */

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

/** An amount that many share, e.g. bytes or file descriptors. */
export interface Pool {
  take(amount: number): boolean;
  /** Takes even what is not there: for what must happen and is bounded elsewhere. */
  force(amount: number): void;
  give(amount: number): void;
  full(): boolean;
}

export function pool(max: number): Pool {
  let used = 0;
  return {
    take(amount) {
      if (used + amount > max) return false;
      used += amount;
      return true;
    },
    force: (amount) => void (used += amount),
    give: (amount) => void (used -= amount),
    full: () => used >= max,
  };
}
