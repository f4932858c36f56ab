/** Runs one task again and again: when somebody wakes it and every so often anyway, never twice at once. */
import type { Timers } from "@playspawn/shared";

export interface Loop {
  /** Run soon. Many calls while it runs make one more run. */
  wake(): void;
  /** Resolves when the run in flight is over; none follows. */
  stop(): Promise<void>;
}

/** @param task idempotent and without input: a run that was missed is made up by the next */
export function loop(
  task: () => Promise<void>,
  { timers, everyMs, fail }: { timers: Timers; everyMs: number; fail(error: unknown): void },
): Loop {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  const run = async (): Promise<void> => {
    do {
      again = false;
      await task().catch(fail);
    } while (again && !stopped);
    running = undefined;
  };
  const wake = (): void => {
    if (stopped) return;
    again = true;
    running ??= run();
  };
  const cancel = timers.every(everyMs, wake);
  return {
    wake,
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
