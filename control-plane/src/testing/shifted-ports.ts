/** Real time with a clock that tests can put forward: intervals that would have fired meanwhile fire once. */
import type { Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";

export interface ShiftedPorts extends Ports {
  skip(ms: number): void;
}

export function shiftedPorts(): ShiftedPorts {
  let offset = 0;
  const intervals = new Set<() => void>();
  const { clock, timers, rng } = systemPorts;
  return {
    clock: { now: () => clock.now() + offset, mono: () => clock.mono() + offset },
    timers: {
      ...timers,
      every(ms, fn) {
        intervals.add(fn);
        const cancel = timers.every(ms, fn);
        return () => {
          intervals.delete(fn);
          cancel();
        };
      },
    },
    rng,
    skip(ms) {
      offset += ms;
      for (const fn of Array.from(intervals)) fn();
    },
  };
}
