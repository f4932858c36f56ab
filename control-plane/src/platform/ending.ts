/** How a part says what must be done when the process stops, without knowing the others. */
export interface Ending {
  /** Called first, in the order given: ends what keeps connections open. */
  onStop(stop: () => unknown): void;
  /** Called after that, in reverse order. */
  onClose(close: () => unknown): void;
}

/** Each step runs once, also when `run` is called again. */
export function createEnding(): Ending & { run(): Promise<void> } {
  const stops: (() => unknown)[] = [];
  const closers: (() => unknown)[] = [];
  return {
    onStop: (stop) => void stops.push(stop),
    onClose: (close) => void closers.push(close),
    async run() {
      // First streams and sockets end, because the servers wait for every connection; then everything in reverse.
      for (let stop = stops.shift(); stop; stop = stops.shift()) await stop();
      for (let close = closers.pop(); close; close = closers.pop()) await close();
    },
  };
}
