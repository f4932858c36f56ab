/** Does what stands on the engine contradict what is believed of a server? Events are hints; this is asked of the truth. Pure. */
import type { Unit } from "../runtime/runtime.ts";
import type { KnownHave } from "./life.ts";
import type { Stage } from "./stage.ts";

/**
 * - `ended`       the game should run and does not
 * - `holder_gone` the network that the server stands on is gone
 * - `runs`        the game runs although it should sleep: somebody else started or thawed it
 * - `frozen`      the game is paused although it should run: somebody else did that
 */
export type Contradiction = "ended" | "holder_gone" | "runs" | "frozen";

export interface Belief {
  have: KnownHave;
  /** A holder is believed to be there. */
  held: boolean;
  /** Its game is believed to be paused. */
  frozen: boolean;
}

export const beliefOf = ({ life, standing, frozen }: Stage): Belief => ({
  have: life.have,
  held: standing !== null,
  frozen,
});

export function contradiction({ have, held, frozen }: Belief, unit: Unit | null): Contradiction | null {
  const runs = unit?.game?.running ?? false;
  const paused = unit?.game?.paused ?? false;
  if ((have === "ready" || frozen) && !runs) return "ended";
  if (have === "hibernated" && runs && !(frozen && paused)) return "runs";
  if (have === "ready" && paused) return "frozen";
  if (held && !unit?.holder?.running) return "holder_gone";
  return null;
}
