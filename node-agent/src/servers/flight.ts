/** Carries one deed out to an end that lasts: done, undone after it was cancelled, or failed and tidied up. */
import { AppError, messageOf } from "@playspawn/shared";
import { keepConsole } from "./console.ts";
import { exitOf } from "./crash.ts";
import { deeds, type DeedName } from "./deeds/deeds.ts";
import type { KnownHave } from "./life.ts";
import { showRoutes, tell, type Stage } from "./stage.ts";

export type Outcome = "done" | "undone" | "failed";

const lasting = new Set<KnownHave>(["absent", "ready", "hibernated", "stopped", "failed"]);

/** @param closed the agent stops: from then on nothing may be done or said @throws never */
export async function fly(stage: Stage, name: DeedName, signal: AbortSignal, closed: () => boolean): Promise<Outcome> {
  try {
    await deeds[name].run(stage, signal);
    return "done";
  } catch (thrown) {
    if (closed()) return "failed";
    if (signal.aborted && (await undo(stage, name))) return "undone";
    return await fail(stage, name, thrown, closed);
  } finally {
    // A deed that ended between two states would leave nobody to go on.
    if (!closed() && !lasting.has(stage.life.have)) stage.life.enter("failed");
  }
}

async function undo(stage: Stage, name: DeedName): Promise<boolean> {
  try {
    await deeds[name].undo?.(stage);
    return lasting.has(stage.life.have);
  } catch (error) {
    stage.world.log.warn({ server: stage.id, err: error }, `${name} could not be undone`);
    return false;
  }
}

async function fail(stage: Stage, name: DeedName, thrown: unknown, closed: () => boolean): Promise<Outcome> {
  const { log } = stage.world;
  const error =
    thrown instanceof AppError ? thrown : new AppError("start_failed", messageOf(thrown), { cause: thrown });
  log.warn({ server: stage.id, action: name, code: error.code, err: thrown }, "an action failed");
  // A look that could not see anything has found nothing.
  if (name === "look" && !exitOf(error)) return "done";
  await deeds[name].fail?.(stage).catch((cause: unknown) => {
    log.warn({ server: stage.id, err: cause }, "what failed could not be tidied up");
  });
  await keepConsole(stage);
  if (!closed()) report(stage, name, error);
  return "failed";
}

function report(stage: Stage, name: DeedName, error: AppError): void {
  // A holder that cannot be put away makes no failed server; what does not exist cannot have failed.
  if (name === "deepen" || stage.life.have === "absent") return stage.life.showFault(error);
  stage.life.enter("failed", { error });
  showRoutes(stage);
  const exit = exitOf(error);
  const how = exit ? { exitCode: exit.code, outOfMemory: exit.outOfMemory } : {};
  tell(stage, exit ? "crash" : "failed", { code: error.code, message: error.message.slice(0, 1000), ...how });
}
