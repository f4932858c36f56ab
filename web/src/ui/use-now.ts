import { useSyncExternalStore } from "react";
import { ports } from "../ports.ts";

const tickMs = 1000;
const listeners = new Set<() => void>();
let now = ports.clock.now();
let stop: (() => void) | undefined;

const tick = (): void => {
  now = ports.clock.now();
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  stop ??= ports.timers.every(tickMs, tick);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
}

/** The wall clock, read anew every second; all readers share one timer. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

/** Whole seconds that are left of `seconds` since `from`, UTC ms; 0 when they are over. */
export function useSecondsLeft(seconds: number, from: number): number {
  const left = Math.ceil((from + seconds * 1000 - useNow()) / 1000);
  // The shared clock may be a tick behind.
  return Math.min(seconds, Math.max(0, left));
}
