/**
 * The usage journal: gapless windows of monotonic time per server and state. At most a minute long while the game runs,
 * so that no more than that is ever lost; longer ones while it sleeps, so that a thousand sleepers fill no log.
 */
import type { AgentEvent, Cause, Clock } from "@playspawn/shared";
import type { KnownHave } from "./life.ts";

export const windowMaxMs = 60_000;
export const sleepingWindowMaxMs = 900_000;
const running = new Set<KnownHave>(["starting", "ready", "draining", "hibernating", "stopping"]);
/** How often `tick` is called. */
export const usageTickMs = 10_000;

export interface Usage {
  /** The state changed: the window of the last one ends here. */
  changed(to: KnownHave): void;
  /** Called every 10 s; ends a window before it is too long. */
  tick(): void;
}

/** @param write takes one finished window, e.g. `{fromMono: 12, toMono: 60012, state: "ready", run: "run_…"}` */
export function usage(
  clock: Clock,
  first: KnownHave,
  run: string,
  write: (kind: "usage", data: AgentEvent["data"], cause: Cause | null) => void,
): Usage {
  let state = first;
  let from = clock.mono();
  const close = (): void => {
    const to = clock.mono();
    if (to > from && state !== "absent") write("usage", { fromMono: whole(from), toMono: whole(to), state, run }, null);
    from = to;
  };
  return {
    changed(to) {
      close();
      state = to;
    },
    tick() {
      const most = running.has(state) ? windowMaxMs : sleepingWindowMaxMs;
      if (clock.mono() - from > most - usageTickMs) close();
    },
  };
}

const whole = (ms: number): number => Math.round(ms);
