/**
 * A game that runs already, found by an agent that was started again. Players may be on it whatever this agent knows:
 * it is asked whether it is ready, and never stopped for its answer.
 */
import type { AppError } from "@playspawn/shared";
import { exitOf } from "../crash.ts";
import { tell, type Deed, type Stage, type Verdict } from "../stage.ts";
import { untilReady, welcomePlayers } from "./ready.ts";

export const resume: Deed = {
  run: ask,
  // Whoever wants it stopped or deleted has it saved first, as any game that runs.
  undo: (stage) => takeUp(stage),
  fail: doubt,
};

/** The same for a run that was ready before: its players play on while nobody looks. */
export const resumeKnown: Deed = { run: (stage) => takeUp(stage, stage.memo.now.since) };

export async function ask(stage: Stage, signal: AbortSignal): Promise<void> {
  await untilReady(stage, signal);
  await takeUp(stage);
}

/** @param since UTC ms; now when it is not known for how long it is ready */
export async function takeUp(stage: Stage, since?: number): Promise<void> {
  welcomePlayers(stage, since);
  tell(stage, "adopted");
}

/** Without an answer it may still be a good game, e.g. one whose words of readiness were said long ago. */
export async function doubt(stage: Stage, error: AppError): Promise<Verdict> {
  if (exitOf(error)) return "failed";
  await takeUp(stage);
  stage.life.showFault(error);
  return "lasts";
}
