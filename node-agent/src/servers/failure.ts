/** What happens after an action failed: tidied up, said to the control plane, to players and to the log of events. */
import { AppError, messageOf } from "@playspawn/shared";
import { keepConsole } from "./console.ts";
import { exitOf } from "./crash.ts";
import { deeds, type DeedName } from "./deeds/deeds.ts";
import { showRoutes, tell, type Stage } from "./stage.ts";

export const asAppError = (thrown: unknown): AppError =>
  thrown instanceof AppError ? thrown : new AppError("start_failed", messageOf(thrown), { cause: thrown });

/** Ends what the action left half up and keeps its console. Never rejects. */
export async function tidyUp(stage: Stage, name: DeedName): Promise<void> {
  await deeds[name].fail?.(stage).catch((error: unknown) => {
    stage.world.log.warn({ server: stage.id, err: error }, "what failed could not be tidied up");
  });
  await keepConsole(stage);
}

export function reportFailure(stage: Stage, error: AppError): void {
  // What does not exist cannot have failed: a removal that is refused is only said, and tried again.
  if (stage.life.have === "absent") return stage.life.showFault(error);
  stage.life.enter("failed", { error });
  showRoutes(stage);
  const exit = exitOf(error);
  const how = exit ? { exitCode: exit.code, outOfMemory: exit.outOfMemory } : {};
  tell(stage, exit ? "crash" : "failed", { code: error.code, message: error.message.slice(0, 1000), ...how });
}
