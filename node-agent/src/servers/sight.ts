/** Does what stands on the engine contradict what is believed of a server? Events are hints; this is asked of the truth. Pure. */
import type { Unit } from "../runtime/runtime.ts";
import type { KnownHave } from "./life.ts";

/**
 * - `ended`       the game should run and does not
 * - `holder_gone` the network that the server stands on is gone
 * - `runs`        the game runs although it should sleep: somebody else started it
 */
export type Contradiction = "ended" | "holder_gone" | "runs";

export interface Belief {
  have: KnownHave;
  /** A holder is believed to be there. */
  held: boolean;
}

export function contradiction({ have, held }: Belief, unit: Unit | null): Contradiction | null {
  const runs = unit?.game?.running ?? false;
  if (have === "ready" && !runs) return "ended";
  if (have === "hibernated" && runs) return "runs";
  if (held && !unit?.holder?.running) return "holder_gone";
  return null;
}
