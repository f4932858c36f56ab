/** What the state table is asked with, gathered from what a supervisor knows; and when time alone will change it. */
import type { Facts } from "@playspawn/shared";
import type { Stage } from "./stage.ts";

export interface Circumstances {
  /** The control plane does not know this server any more. */
  orphaned: boolean;
  /** One that was not answered yet. */
  kick: Facts["kick"];
  knock: boolean;
  idle: boolean;
  /** The back-off is over and tries are left. */
  retry: boolean;
  /** A newer version is ready, and nobody plays. */
  update: boolean;
}

export function factsOf(stage: Stage, { orphaned, kick, knock, idle, retry, update }: Circumstances): Facts {
  const { desired, life, holderLost } = stage;
  return {
    want: orphaned ? "stopped" : desired.want,
    have: life.have,
    tier: life.tier,
    kick,
    knock,
    idle,
    deepen: holderLost || heldLeftMs(stage) <= 0,
    holderLost,
    retry: life.have === "failed" && retry,
    update: update && !orphaned,
  };
}

/** How long the holder of a sleeper is still kept, in ms; for ever while it does not sleep. */
function heldLeftMs({ life, world }: Stage): number {
  if (life.have !== "hibernated" || life.tier !== "held") return Infinity;
  return life.since + world.holdHeldMs - world.ports.clock.now();
}

/** So that no timer is asked for more than it can count. */
const thinkAgainMs = 3_600_000;

/** ms until time alone changes a fact, an hour at most; null when it will not. @param retryOver mono ms */
export function nextDueMs(stage: Stage, retryOver: number | null, stumbled: boolean): number | null {
  const waits = retryOver !== null && (stage.life.have === "failed" || stumbled);
  const retryMs = waits ? retryOver - stage.world.ports.clock.mono() : Infinity;
  const next = Math.min(...[retryMs, heldLeftMs(stage)].filter((ms) => ms > 0));
  // The engine's clock and this one need not tick together; a turn too early would be followed by none.
  return Number.isFinite(next) ? Math.min(Math.ceil(next) + 1, thinkAgainMs) : null;
}
