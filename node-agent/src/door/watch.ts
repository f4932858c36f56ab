/** Waits for something that a later message will bring: looked at now and after each `notify`, for a limited time. */
import { type Timers, withLimit } from "@playspawn/shared";

export interface Watch {
  /** Something changed: whoever waits looks again. */
  notify(): void;
  /** Resolves with the first value `look` finds. Rejects with an `Error` that names `what` after `limitMs`. */
  found<T>(limitMs: number, what: string, look: () => T | undefined): Promise<T>;
}

export function watch(timers: Timers): Watch {
  const lookers = new Set<() => void>();
  return {
    notify() {
      for (const look of lookers) look();
    },
    async found<T>(limitMs: number, what: string, look: () => T | undefined): Promise<T> {
      const now = look();
      if (now !== undefined) return now;
      let looker = (): void => {};
      const later = new Promise<T>((resolve) => {
        looker = () => {
          const value = look();
          if (value !== undefined) resolve(value);
        };
      });
      lookers.add(looker);
      return withLimit(timers, limitMs, what, later).finally(() => lookers.delete(looker));
    },
  };
}
