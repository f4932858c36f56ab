/** How deep a server is to sleep by now, and why: by its own history where there is one, else by the node's times. Pure. */
import { isDeeper, isFrozen, nearestTier, tiers, type Tier } from "@playspawn/shared";
import { span } from "@playspawn/shared/words/time.ts";
import { endedWithin, known, paysFor, type Naps } from "./naps.ts";

/** For how long a sleeper stays in each tier, ms. */
export interface Holds {
  pausedMs: number;
  deepMs: number;
  heldMs: number;
}

/** What this machine can do with sleepers. */
export interface SleepAbility {
  pause: boolean;
  deep: boolean;
}

export interface Outlook {
  /** How deep it sleeps; null while it does not. */
  tier: Tier | null;
  /** For how long. */
  asleepMs: number;
  holds: Holds;
  naps: Naps;
  ability: SleepAbility;
  /** Tiers that suit its game. */
  suits: readonly Tier[];
  /** Its memory does not leave: it was tried. */
  stuck: boolean;
  /** It did not outlive being frozen: it was tried. */
  stiff: boolean;
  /** It is to sleep so deep at least because memory is short; null: it is not. */
  pressed: Tier | null;
  /** What is frozen was made from other settings than the server has now. */
  stale: boolean;
  holderLost: boolean;
}

export interface Verdict {
  due: Tier;
  /** One sentence. */
  why: string;
  /** What comes by itself, and in how long, ms; null: nothing. */
  next: { tier: Tier; inMs: number } | null;
}

/** What it can do besides staying as it is. */
export function ableTiers({ tier, ability, suits, stuck, stiff }: Outlook): Tier[] {
  const freezes = ability.pause && !stiff;
  const able: Record<Tier, boolean> = {
    paused: freezes && suits.includes("paused"),
    deep: freezes && ability.deep && !stuck && suits.includes("deep"),
    held: suits.includes("held"),
    cold: true,
  };
  return tiers.filter((one) => able[one] || one === tier);
}

export function verdict(outlook: Outlook): Verdict {
  const able = ableTiers(outlook);
  const { from, why } = times(outlook, able);
  const shallowest = nearestTier("paused", able);
  const reached = able.filter((tier) => from[tier] <= outlook.asleepMs);
  const byTime = reached.at(-1) ?? shallowest;
  const forced = force(outlook, able);
  if (forced && !isDeeper(byTime, forced.due)) return { ...forced, next: null };
  const { tier, asleepMs } = outlook;
  const early = tier !== null && isDeeper(tier, byTime);
  const later = able.find((one) => isDeeper(one, early ? tier : byTime));
  const next = later ? { tier: later, inMs: from[later] - asleepMs } : null;
  return {
    due: byTime,
    why: early ? `It sleeps deeper than its time asks for. ${why}` : reason(outlook, byTime, why),
    next,
  };
}

/** What outweighs time. */
function force(outlook: Outlook, able: readonly Tier[]): { due: Tier; why: string } | null {
  if (outlook.holderLost) return { due: "cold", why: "Its network holder died: it is made anew at the next wake." };
  if (outlook.stale && isFrozen(outlook.tier))
    return {
      due: nearestTier("held", able),
      why: "Its settings were changed while it was frozen: it boots with them.",
    };
  if (outlook.pressed)
    return {
      due: nearestTier(outlook.pressed, able),
      why: "Memory is short on its node: it gave way to those who play.",
    };
  return null;
}

/** One boot saved is worth so many times more of memory that was moved out. */
const deepWorth = 4;
const briefMs = 10 * 60_000;
const keptMaxMs = 24 * 3_600_000;

/** When each tier is due, ms after it fell asleep, and why. */
function times(outlook: Outlook, able: readonly Tier[]): { from: Record<Tier, number>; why: string } {
  const { holds, naps } = outlook;
  const all = known(naps);
  const frozenMs = able.includes("paused") ? holds.pausedMs + holds.deepMs : 0;
  const heldMs = able.includes("held") ? holds.heldMs : 0;
  if (frozenMs === 0 || all === 0) {
    const from = { paused: 0, deep: holds.pausedMs, held: frozenMs, cold: frozenMs + heldMs };
    return { from, why: "It has slept too seldom to know its habits: its node's times hold." };
  }
  const deep = endedWithin(naps, briefMs) * 2 >= all ? Math.max(holds.pausedMs, briefMs) : holds.pausedMs;
  const worthMs = frozenMs * (able.includes("deep") ? deepWorth : 1);
  const held = paysFor(naps, { worthMs, leastMs: holds.pausedMs, mostMs: keptMaxMs });
  const from = { paused: 0, deep: Math.min(deep, held), held, cold: held + heldMs };
  return { from, why: `Of its last ${all} sleeps ${endedWithin(naps, held)} ended within ${span(held)}.` };
}

function reason({ tier, ability, suits, stuck, stiff }: Outlook, due: Tier, why: string): string {
  if (tier === due && isFrozen(tier)) return stuck ? `Its memory does not leave the machine. ${why}` : why;
  if (isFrozen(due) || tier === null || isFrozen(tier)) return why;
  if (stiff) return `It did not outlive being frozen, so it is stopped. ${why}`;
  if (!suits.includes("paused")) return `Its game is not frozen. ${why}`;
  return ability.pause ? why : `This machine cannot pause games. ${why}`;
}
