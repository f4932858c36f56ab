/** Freezing a game and thawing it. Both take some 20 ms of the engine. */
import { AppError, messageOf } from "@playspawn/shared";
import { specHash } from "./spec-hash.ts";
import { showRoutes, type Stage } from "./stage.ts";

/** Pauses the game; answers whether it is. One that cannot be paused is to be stopped. */
export async function freeze(stage: Stage): Promise<boolean> {
  const { runtime, fail, log, sleep } = stage.world;
  try {
    await runtime.pauseGame(stage.id);
  } catch (error) {
    log.warn({ server: stage.id, err: error }, "the game could not be paused; it is stopped instead");
    return false;
  }
  fail("game.paused");
  stage.frozen = true;
  stage.stuck = false;
  stage.pressed = sleep.short() ? "deep" : null;
  stage.life.enter("hibernated", { tier: "paused" });
  showRoutes(stage);
  return true;
}

/** A watchdog that counts the sleep as one step ends its game within this. */
const proofMs = 120_000;

/** What is thawed did not answer, or died soon after: it is not frozen again until it is made of something else. */
export function noteStiff({ memo, desired, world, id }: Stage): void {
  world.log.warn({ server: id }, "the game does not outlive being frozen; it is stopped from now on");
  memo.note({ stiff: specHash(desired.spec) });
}

/** Whether its end is likely the frost's doing. */
export const diedOfFrost = ({ thawedAt, world }: Stage): boolean =>
  thawedAt !== null && world.ports.clock.mono() - thawedAt <= proofMs;

/** The game runs on where it was; false when there is none to thaw. @throws AppError of the engine */
export async function thaw(stage: Stage): Promise<boolean> {
  const { runtime, log } = stage.world;
  try {
    await runtime.resumeGame(stage.id);
    stage.thawedAt = stage.world.ports.clock.mono();
    return true;
  } catch (error) {
    const gone = error instanceof AppError && (error.code === "conflict" || error.code === "not_found");
    if (!gone) throw error;
    log.warn({ server: stage.id, reason: messageOf(error) }, "there is no game to thaw");
    return false;
  } finally {
    stage.frozen = false;
  }
}
