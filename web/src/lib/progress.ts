/** A deploy or wake as the steps that people see. */
import type { Progress } from "@playspawn/shared/wire/agent.ts";
import { bytes } from "./bytes.ts";

type Step = Progress["step"];

export const deploySteps = ["image", "files", "network", "container", "game", "ready"] as const satisfies Step[];

export const stepNames: Record<Step, string> = {
  image: "Image",
  files: "Files",
  network: "Network",
  container: "Container",
  game: "Game starts",
  ready: "Ready for players",
  save: "Saving the world",
  stop: "Stopping",
};

export type StepState = "done" | "active" | "ahead";

/** Each deploy step with where it stands; steps outside a deploy (`save`, `stop`) stand alone. */
export function stepStates(progress: Progress): { step: Step; state: StepState }[] {
  const at = (deploySteps as readonly Step[]).indexOf(progress.step);
  if (at < 0) return [{ step: progress.step, state: "active" }];
  return deploySteps.map((step, i) => ({ step, state: i < at ? "done" : i === at ? "active" : "ahead" }));
}

/** Share of the present step in [0, 1]; null while it cannot be known. */
export function fraction(progress: Progress): number | null {
  const { done, total } = progress;
  if (done === undefined || total === undefined || total <= 0) return null;
  return Math.min(1, done / total);
}

/** `45 MB of 120 MB` or `step 3 of 9`; empty when nothing is counted. */
export function amount({ done, total, unit }: Progress): string {
  if (done === undefined) return "";
  if (unit === "bytes") return total === undefined ? bytes(done) : `${bytes(done)} of ${bytes(total)}`;
  return total === undefined ? `step ${done}` : `step ${done} of ${total}`;
}
