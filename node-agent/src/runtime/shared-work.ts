/** One long piece of work for all who want it at the same time; it is given up when nobody wants it any more. */

interface Flight<P, T> {
  listeners: Set<(progress: P) => void>;
  /** Sent at once to whoever joins late. */
  last: P | undefined;
  stop: AbortController;
  result: Promise<T>;
}

export type SharedWork<P, T> = (
  key: string,
  work: (onProgress: (progress: P) => void, signal: AbortSignal) => Promise<T>,
  onProgress: (progress: P) => void,
  signal: AbortSignal,
) => Promise<T>;

/** Answers a function that joins the flight of `key`, or begins it. It rejects with the signal's reason on abort. */
export function sharedWork<P, T>(): SharedWork<P, T> {
  const flights = new Map<string, Flight<P, T>>();

  const begin = (key: string, work: Parameters<SharedWork<P, T>>[1]): Flight<P, T> => {
    const listeners: Flight<P, T>["listeners"] = new Set();
    const stop = new AbortController();
    const report = (progress: P): void => {
      flight.last = progress;
      for (const listener of listeners) listener(progress);
    };
    // In a turn of its own: work may report before it waits for anything, when there is no flight to report to yet.
    const result = Promise.resolve().then(() => work(report, stop.signal));
    const flight: Flight<P, T> = { listeners, last: undefined, stop, result };
    flights.set(key, flight);
    const land = (): void => void (flights.get(key) === flight && flights.delete(key));
    flight.result.then(land, land);
    return flight;
  };

  return async (key, work, onProgress, signal) => {
    signal.throwIfAborted();
    const flight = flights.get(key) ?? begin(key, work);
    const listener = (progress: P): void => onProgress(progress);
    flight.listeners.add(listener);
    if (flight.last !== undefined) onProgress(flight.last);
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(signal.reason as Error);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([flight.result, left.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      flight.listeners.delete(listener);
      if (flight.listeners.size === 0) {
        // A newcomer must not join what is being given up.
        if (flights.get(key) === flight) flights.delete(key);
        flight.stop.abort(new Error("nobody wants it any more"));
      }
    }
  };
}
