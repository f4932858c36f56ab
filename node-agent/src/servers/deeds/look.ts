/** Reads what really stands of one server, after a hint that it is not what it is believed to be. */
import { AppError } from "@playspawn/shared";
import type { Unit } from "../../runtime/runtime.ts";
import { endRun } from "../console.ts";
import { crashed, exitOf } from "../crash.ts";
import { diedOfFrost, noteStiff, thaw } from "../frost.ts";
import { beliefOf, contradiction } from "../sight.ts";
import { restAsleep } from "../stand.ts";
import { showRoutes, tell, unitOf, type Deed, type Stage } from "../stage.ts";
import { ask, doubt, takeUp } from "./resume.ts";

export const look: Deed = {
  async run(stage, signal) {
    const unit = await unitOf(stage);
    signal.throwIfAborted();
    const found = contradiction(beliefOf(stage), unit);
    if (found === "ended" && stage.frozen) return await diedAsleep(stage, unit);
    if (found === "ended") {
      if (diedOfFrost(stage)) noteStiff(stage);
      throw await crashed(stage, unit?.game?.exit ?? unseen(stage));
    }
    if (found === "frozen") await thaw(stage);
    if (found === "holder_gone") loseHolder(stage);
    if (found === "runs") await meet(stage, unit, signal);
  },
  async undo(stage) {
    if (stage.life.have === "starting") await takeUp(stage);
  },
  async fail(stage, error) {
    // A look that could not see anything has found nothing.
    return stage.life.have === "starting" || exitOf(error) ? await doubt(stage, error) : "lasts";
  },
};

const unseen = (stage: Stage) => ({ code: -1, outOfMemory: false, at: stage.world.ports.clock.now() });

/** Killed while it was paused, e.g. for want of memory: it was saved before, and boots at the next wake. */
async function diedAsleep(stage: Stage, unit: Unit | null): Promise<void> {
  const exit = unit?.game?.exit ?? unseen(stage);
  stage.frozen = false;
  if (!unit?.holder?.running) stage.standing = null;
  await endRun(stage, exit);
  await stage.world.files.setMeta(stage.id, { clean: true });
  await restAsleep(stage);
  tell(stage, "exit", { exitCode: exit.code, forced: true, outOfMemory: exit.outOfMemory, tier: stage.life.tier });
}

function loseHolder(stage: Stage): void {
  stage.standing = null;
  stage.holderLost = true;
  stage.life.showFault(new AppError("holder_lost", "The server's network holder died; the server gets a new one."));
  tell(stage, "holder_lost", { state: stage.life.have }, { kind: "holder_lost" });
}

/** Somebody else started it. */
async function meet(stage: Stage, unit: Unit | null, signal: AbortSignal): Promise<void> {
  const { holder, game } = unit ?? {};
  stage.standing = holder?.running ? { address: holder.address, specHash: game?.specHash ?? null } : null;
  stage.startedAt = game?.startedAt ?? null;
  stage.frozen = false;
  stage.life.enter("starting", { cause: { kind: "adopted" } });
  showRoutes(stage);
  if (stage.standing) return await ask(stage, signal);
  // Nobody can reach it; a restart gives it a network.
  stage.holderLost = true;
  await takeUp(stage);
}
