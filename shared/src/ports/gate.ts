/** A limit on how many do something at once; the others wait in order, and only so many of them. */

/** Runs `work` as soon as a place is free. Rejects with the signal's reason when that aborts first. */
export type Gate = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** @param full what is thrown when `waitingMax` wait already */
export function gate(places: number, waitingMax: number, full: () => Error): Gate {
  let free = places;
  const waiting: (() => void)[] = [];

  const enter = async (signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    if (free > 0) return void free--;
    if (waiting.length >= waitingMax) throw full();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      waiting.splice(waiting.indexOf(getIn), 1);
      reject(signal?.reason as Error);
    };
    // Whoever has a place keeps it: an abort that comes just then is for the work itself.
    const getIn = (): void => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    };
    waiting.push(getIn);
    signal?.addEventListener("abort", giveUp, { once: true });
    await promise;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };

  return async (work, signal) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
