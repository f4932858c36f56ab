/** When a server that failed is tried again: 5 s, doubling to 5 min, five times in a row; ten good minutes forgive all. */

export const retryFirstMs = 5_000;
export const retryMaxMs = 300_000;
export const retryTries = 5;
export const forgivenAfterMs = 600_000;

export interface Retry {
  /** It failed at `mono`; the next try is due after the back-off. */
  failed(mono: number): void;
  /** It became ready at `mono`. */
  ready(mono: number): void;
  /** Somebody changed what is run: count anew. */
  forgive(): void;
  /** Failures in a row. */
  count(): number;
  /** When the next back-off is over, as mono ms; null before any failure. */
  over(): number | null;
  /** The back-off is over and tries are left. */
  due(mono: number): boolean;
}

export function retry(): Retry {
  let count = 0;
  let over: number | null = null;
  let readyAt: number | null = null;
  return {
    failed(mono) {
      if (readyAt !== null && mono - readyAt >= forgivenAfterMs) count = 0;
      readyAt = null;
      over = mono + Math.min(retryFirstMs * 2 ** count, retryMaxMs);
      count++;
    },
    ready(mono) {
      readyAt = mono;
    },
    forgive() {
      count = 0;
      over = null;
    },
    count: () => count,
    over: () => over,
    due: (mono) => over !== null && mono >= over && count <= retryTries,
  };
}
