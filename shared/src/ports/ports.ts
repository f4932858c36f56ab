/**
 * Time, chance and timers as arguments. Everything outside `ports/` takes these instead of calling
 * `Date.now`, `Math.random` or `setTimeout`, so that tests and the simulator can own them.
 */

export interface Clock {
  /** Wall clock, UTC milliseconds. May jump. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary start; never jumps. For durations. */
  mono(): number;
}

export interface Timers {
  /** Calls `fn` once after `ms`; the real one waits 24 days at most. The returned function cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** Calls `fn` every `ms` until the returned function is called. */
  every(ms: number, fn: () => void): () => void;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Rng {
  /** `n` random bytes, fit for secrets. */
  bytes(n: number): Uint8Array;
  /** A float in [0, 1), for jitter. */
  float(): number;
}

export interface Ports {
  clock: Clock;
  timers: Timers;
  rng: Rng;
}

/** Rejects with an `Error` that names `what` when `work` takes longer than `ms`. */
export async function withLimit<T>(timers: Timers, ms: number, what: string, work: Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const limit = new Promise<never>((_resolve, reject) => {
    cancel = timers.after(ms, () => reject(new Error(`${what} took longer than ${ms} ms`)));
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    cancel();
  }
}
