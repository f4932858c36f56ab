/** What the state table is asked with, gathered from what a supervisor knows; and when time alone will change it. */
import { nearestTier, tiers, type Facts } from "@playspawn/shared";
import type { Sleeper } from "./pressure.ts";
import { specHash } from "./spec-hash.ts";
import { standsReady } from "./stand.ts";
import type { Stage } from "./stage.ts";
import { ableTiers, verdict, type Outlook, type Verdict } from "./tiering.ts";

export interface Circumstances {
  /** The control plane does not know this server any more. */
  orphaned: boolean;
  /** One that was not answered yet. */
  kick: Facts["kick"];
  knock: boolean;
  deepening: boolean;
  idle: boolean;
  /** The back-off is over and tries are left. */
  retry: boolean;
  /** A newer version is ready, and nobody plays. */
  update: boolean;
}

export function factsOf(stage: Stage, { orphaned, kick, retry, update, ...rest }: Circumstances): Facts {
  const { desired, life, holderLost } = stage;
  return {
    want: orphaned ? "stopped" : desired.want,
    have: life.have,
    tier: life.tier,
    // A tier that cannot be had is skipped.
    kick: kick?.tier === undefined ? kick : { ...kick, tier: nearestTier(kick.tier, ableTiers(outlookOf(stage))) },
    ...rest,
    due: sleepVerdict(stage).due,
    holderLost,
    retry: life.have === "failed" && retry,
    update: update && !orphaned,
  };
}

/** How deep it is to sleep by now, or would be if it fell asleep. */
export const sleepVerdict = (stage: Stage): Verdict => verdict(outlookOf(stage));

function outlookOf(stage: Stage): Outlook {
  const { life, world, memo, desired, stuck, pressed, holderLost } = stage;
  const { holds, ability } = world.sleep;
  const asleep = life.have === "hibernated";
  return {
    tier: life.tier,
    asleepMs: asleep ? Math.max(0, world.ports.clock.now() - life.since) : 0,
    holds,
    ability: ability(),
    naps: memo.now.naps,
    suits: desired.spec.sleep?.tiers ?? tiers,
    stuck,
    stiff: memo.now.stiff === specHash(desired.spec),
    pressed: asleep ? pressed : world.sleep.short() ? "deep" : null,
    stale: !standsReady(stage),
    holderLost,
  };
}

/** null while it does not sleep. */
export function sleeperOf(stage: Stage): Sleeper | null {
  const outlook = outlookOf(stage);
  const { tier, asleepMs } = outlook;
  if (tier === null) return null;
  return { id: stage.id, tier, able: ableTiers(outlook), asleepMs, memoryBytes: stage.desired.spec.memoryBytes };
}

/** ms until it is to sleep deeper; for ever while it does not sleep, or sleeps as deep as can be. */
function deeperInMs(stage: Stage): number {
  if (stage.life.have !== "hibernated") return Infinity;
  return sleepVerdict(stage).next?.inMs ?? Infinity;
}

/** So that no timer is asked for more than it can count. */
const thinkAgainMs = 3_600_000;

/** ms until time alone changes a fact, an hour at most; null when it will not. @param retryOver mono ms */
export function nextDueMs(stage: Stage, retryOver: number | null, stumbled: boolean): number | null {
  const waits = retryOver !== null && (stage.life.have === "failed" || stumbled);
  const retryMs = waits ? retryOver - stage.world.ports.clock.mono() : Infinity;
  const next = Math.min(...[retryMs, deeperInMs(stage)].filter((ms) => ms > 0));
  // The engine's clock and this one need not tick together; a turn too early would be followed by none.
  return Number.isFinite(next) ? Math.min(Math.ceil(next) + 1, thinkAgainMs) : null;
}
