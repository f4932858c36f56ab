/** The real clock, timers and random source: the only place that touches the globals. */
import type { Clock, Ports, Rng, Timers } from "./ports.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
};

/** What a timer can count to, some 24 days; more than that would fire at once. Whoever waits longer is called early. */
const timerMsMax = 2 ** 31 - 1;

export const systemTimers: Timers = {
  after(ms, fn) {
    const handle = setTimeout(fn, Math.min(ms, timerMsMax));
    return () => clearTimeout(handle);
  },
  every(ms, fn) {
    const handle = setInterval(fn, Math.min(ms, timerMsMax));
    return () => clearInterval(handle);
  },
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const done = (): void => {
        signal?.removeEventListener("abort", stop);
        resolve();
      };
      const handle = setTimeout(done, Math.min(ms, timerMsMax));
      const stop = (): void => {
        clearTimeout(handle);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
  },
};

export const systemRng: Rng = {
  bytes: (n) => crypto.getRandomValues(new Uint8Array(n)),
  float: () => Math.random(),
};

export const systemPorts: Ports = { clock: systemClock, timers: systemTimers, rng: systemRng };
