/** A limit on how many may do something at once; the others wait in order. */

/** Runs `work` as soon as a place is free. Rejects with the signal's reason when that aborts first. */
export type Gate = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

export function gate(places: number): Gate {
  let free = places;
  const queue: (() => void)[] = [];

  const enter = (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (free > 0) {
      free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(admit), 1);
        reject(signal.reason as Error);
      };
      const admit = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      queue.push(admit);
      signal.addEventListener("abort", leave, { once: true });
    });
  };
  const leave = (): void => {
    const next = queue.shift();
    if (next) next();
    else free++;
  };

  return async (signal, work) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
