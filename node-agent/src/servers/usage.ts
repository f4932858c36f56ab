/** The usage journal: gapless windows of monotonic time per server and state, at most a minute long. */
import type { AgentEvent, Cause, Clock } from "@playspawn/shared";
import type { KnownHave } from "./life.ts";

export const windowMaxMs = 60_000;
/** How often `tick` is called. */
export const usageTickMs = 10_000;

export interface Usage {
  /** The state changed: the window of the last one ends here. */
  changed(to: KnownHave): void;
  /** Called every 10 s; ends a window before it is longer than a minute. */
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
      if (clock.mono() - from > windowMaxMs - usageTickMs) close();
    },
  };
}

const whole = (ms: number): number => Math.round(ms);
