/**
 * When a server that failed is tried again: 5 s, doubling to 5 min, five times in a row. Ten good minutes forgive all,
 * and so does an orderly end. Failures are counted across agents: a new one does not begin anew. What only this agent's
 * configuration decides is not tried again by it, but once by the next.
 */

export const retryFirstMs = 5_000;
export const retryMaxMs = 300_000;
export const retryTries = 5;
export const forgivenAfterMs = 600_000;

export interface Retry {
  /** It failed at `mono`; the next try is due after the back-off. @param isFinal it would fail again in the same way */
  failed(mono: number, isFinal?: boolean): void;
  /** It became ready at `mono`. */
  ready(mono: number): void;
  /** Somebody changed what is run, or it ended as it should: count anew. */
  forgive(): void;
  /** When the next back-off is over, as mono ms; null before any failure. */
  over(): number | null;
  /** The back-off is over and tries are left. */
  due(mono: number): boolean;
  /** The next try; `at` is mono ms, null when none is left. Undefined before any failure. */
  next(): { attempt: number; max: number; at: number | null } | undefined;
}

const backoffMs = (failures: number): number => Math.min(retryFirstMs * 2 ** (failures - 1), retryMaxMs);

/** @param before failures in a row that are remembered @param onCount told whenever their number changes */
export function retry(before: number, mono: number, onCount: (failures: number) => void): Retry {
  let count = before;
  let over = before > 0 ? mono + backoffMs(before) : null;
  let readyAt: number | null = null;
  let ended = false;
  const mayTry = (): boolean => !ended && count <= retryTries;
  const set = (failures: number): void => {
    if (failures !== count) onCount(failures);
    count = failures;
  };
  return {
    failed(at, isFinal = false) {
      ended = isFinal;
      const forgiven = readyAt !== null && at - readyAt >= forgivenAfterMs;
      set(forgiven ? 1 : count + 1);
      readyAt = null;
      over = at + backoffMs(count);
    },
    ready(at) {
      readyAt = at;
    },
    forgive() {
      ended = false;
      set(0);
      over = null;
    },
    over: () => over,
    due: (at) => over !== null && at >= over && mayTry(),
    next() {
      if (over === null) return undefined;
      return { attempt: Math.min(count, retryTries), max: retryTries, at: mayTry() ? over : null };
    },
  };
}
