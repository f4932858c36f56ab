/** Who gives way when memory runs short on a node: one sleeper at a time, the one that is missed least for what it frees. Pure. */
import { isDeeper, isFrozen, type Tier } from "@playspawn/shared";

export interface Sleeper {
  id: string;
  tier: Tier;
  /** Where it can go. */
  able: readonly Tier[];
  /** How long it has slept: who came not for hours comes least likely now. */
  asleepMs: number;
  /** Memory that it may take, bytes: an upper bound of what it keeps. */
  memoryBytes: number;
}

export interface GivesWay {
  id: string;
  to: Tier;
}

/** null when nobody has anything to give. Whose memory can be moved out goes before who has to boot again. */
export function whoGivesWay(sleepers: readonly Sleeper[]): GivesWay | null {
  const frozen = sleepers.filter(({ tier }) => isFrozen(tier));
  const sinking = frozen.filter(({ tier, able }) => tier === "paused" && able.includes("deep"));
  const one = leastMissed(sinking);
  if (one) return { id: one.id, to: "deep" };
  const ending = leastMissed(frozen);
  if (!ending) return null;
  return { id: ending.id, to: ending.able.find((tier) => isDeeper(tier, "deep")) ?? "cold" };
}

const leastMissed = (sleepers: readonly Sleeper[]): Sleeper | undefined =>
  sleepers.toSorted((a, b) => worth(b) - worth(a))[0];

const worth = ({ asleepMs, memoryBytes }: Sleeper): number => (asleepMs + 1) * memoryBytes;
