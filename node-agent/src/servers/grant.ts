/** A server without credit is not woken: players and the control plane are told why, once. */
import { AppError } from "@playspawn/shared";
import { showRoutes, tell, type Stage } from "./stage.ts";

const missing = new AppError("grant_missing", "No credit is granted for waking this server. Top up, then try again.");

export function refuse(stage: Stage): void {
  if (stage.notice === missing.message) return;
  tell(stage, "failed", { code: missing.code, message: missing.message });
  show(stage, missing);
}

export function allow(stage: Stage): void {
  if (stage.notice !== null) show(stage, undefined);
}

function show(stage: Stage, error: AppError | undefined): void {
  stage.notice = error?.message ?? null;
  stage.life.showFault(error);
  showRoutes(stage);
}
