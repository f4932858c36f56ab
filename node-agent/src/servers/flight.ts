/** Carries one deed out to an end that lasts: done, undone after it was cancelled, or failed and tidied up. */
import { AppError, messageOf } from "@playspawn/shared";
import { endRun } from "./console.ts";
import { exitOf } from "./crash.ts";
import { deeds, type DeedName } from "./deeds/deeds.ts";
import type { KnownHave } from "./life.ts";
import { showRoutes, tell, type Stage, type Verdict } from "./stage.ts";

export type Outcome = "done" | "undone" | "failed";

export const lasting: ReadonlySet<KnownHave> = new Set<KnownHave>([
  "absent",
  "ready",
  "hibernated",
  "stopped",
  "failed",
]);

/** @param closed the agent stops: from then on nothing may be done or said @throws never */
export async function fly(stage: Stage, name: DeedName, signal: AbortSignal, closed: () => boolean): Promise<Outcome> {
  const outcome = await carryOut(stage, name, signal, closed).catch((bug: unknown): Outcome => {
    stage.world.log.error({ server: stage.id, action: name, err: bug }, "an action broke");
    return "failed";
  });
  if (closed() || lasting.has(stage.life.have)) return outcome;
  // A deed that ended between two states would leave nobody to go on.
  report(stage, new AppError("internal", `The action ${name} ended halfway.`));
  return "failed";
}

async function carryOut(stage: Stage, name: DeedName, signal: AbortSignal, closed: () => boolean): Promise<Outcome> {
  try {
    await deeds[name].run(stage, signal);
    return "done";
  } catch (thrown) {
    if (closed()) return "failed";
    if (signal.aborted && (await undo(stage, name))) return "undone";
    const error =
      thrown instanceof AppError ? thrown : new AppError("start_failed", messageOf(thrown), { cause: thrown });
    stage.world.log.warn({ server: stage.id, action: name, code: error.code, err: thrown }, "an action failed");
    return await fail(stage, name, error, closed);
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

async function fail(stage: Stage, name: DeedName, error: AppError, closed: () => boolean): Promise<Outcome> {
  const verdict = await judge(stage, name, error);
  if (verdict === "lasts") return "done";
  const exit = exitOf(error);
  if (exit) await endRun(stage, exit);
  if (closed()) return "failed";
  // What does not exist cannot have failed.
  if (verdict === "fault" || stage.life.have === "absent") stage.life.showFault(error);
  else report(stage, error);
  return "failed";
}

async function judge(stage: Stage, name: DeedName, error: AppError): Promise<Verdict> {
  try {
    return (await deeds[name].fail?.(stage, error)) ?? "failed";
  } catch (cause) {
    stage.world.log.warn({ server: stage.id, err: cause }, "what failed could not be tidied up");
    return "failed";
  }
}

function report(stage: Stage, error: AppError): void {
  stage.life.enter("failed", { error });
  showRoutes(stage);
  const exit = exitOf(error);
  const how = exit ? { exitCode: exit.code, outOfMemory: exit.outOfMemory } : {};
  tell(stage, exit ? "crash" : "failed", { code: error.code, message: error.message.slice(0, 1000), ...how });
}
