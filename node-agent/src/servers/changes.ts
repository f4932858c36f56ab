/** Lets others wait until something holds, without asking again and again. */

export interface Changes {
  /** Grows with every `notify`. */
  readonly count: number;
  notify(): void;
  /** Resolves as soon as `holds`, asked again at every `notify`. Rejects with the signal's reason when it aborts. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void>;
}

export function changes(): Changes {
  const waiting = new Set<() => void>();
  const next = async (signal: AbortSignal): Promise<void> => {
    const change = Promise.withResolvers<void>();
    const stop = (): void => change.reject(signal.reason as Error);
    waiting.add(change.resolve);
    signal.addEventListener("abort", stop, { once: true });
    try {
      await change.promise;
    } finally {
      waiting.delete(change.resolve);
      signal.removeEventListener("abort", stop);
    }
  };
  const self: Changes & { count: number } = {
    count: 0,
    notify() {
      self.count++;
      for (const wake of waiting) wake();
    },
    async until(holds, signal) {
      while (!holds()) {
        signal.throwIfAborted();
        await next(signal);
      }
    },
  };
  return self;
}
