/** A clock that stands still until a test advances it; timers fire in order while it advances. */
import type { Ports } from "./ports.ts";

interface Pending {
  at: number;
  fn: () => void;
  every?: number;
}

export interface FakePorts extends Ports {
  /** Moves time forward by `ms`, firing due timers in order and letting promises settle between them. */
  advance(ms: number): Promise<void>;
  /** How many timers are waiting. */
  pending(): number;
}

export function fakePorts(startAt = 1_700_000_000_000): FakePorts {
  let now = 0;
  let seed = 1;
  const queue = new Set<Pending>();
  const add = (timer: Pending): (() => void) => {
    queue.add(timer);
    return () => void queue.delete(timer);
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const nextFloat = (): number => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return seed / 4_294_967_296;
  };
  return {
    clock: { now: () => startAt + now, mono: () => now },
    timers: {
      after: (ms, fn) => add({ at: now + ms, fn }),
      every: (ms, fn) => add({ at: now + ms, fn, every: ms }),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason as Error);
          const cancel = add({ at: now + ms, fn: resolve });
          signal?.addEventListener("abort", () => (cancel(), reject(signal.reason as Error)), { once: true });
        }),
    },
    rng: {
      bytes: (n) => Uint8Array.from({ length: n }, () => Math.floor(nextFloat() * 256)),
      float: nextFloat,
    },
    pending: () => queue.size,
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const due = [...queue].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        now = due.at;
        if (due.every === undefined) queue.delete(due);
        else due.at += due.every;
        due.fn();
        await settle();
      }
      now = end;
      await settle();
    },
  };
}
