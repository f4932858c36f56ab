/** A deploy or wake as the steps that people see. */
import type { Progress } from "../wire/agent.ts";
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

/** What each deploy step takes of the whole, as experience has it: the image is most of a first deploy. */
const weights = [0.5, 0.05, 0.05, 0.1, 0.2, 0.1] as const;

/**
 * How far the whole deploy is, in [0, 1], and where its present step ends: a bar over all steps never goes back when
 * one step ends and the next begins. Null outside a deploy, where nothing tells how far it is.
 */
export function overall(progress: Progress): { at: number; stepEnds: number } | null {
  const step = (deploySteps as readonly Step[]).indexOf(progress.step);
  if (step < 0) return null;
  const before = weights.slice(0, step).reduce((sum, weight) => sum + weight, 0);
  const weight = weights[step]!;
  return { at: before + weight * (fraction(progress) ?? 0), stepEnds: before + weight };
}

// `Building: RUN npm ci` and its kin name a command, which belongs in a second line.
const command = /^Building: (?<command>.+)$/s;

/** What a step does in words, and the command it runs at the moment, if any. */
export function headline({ text }: Progress): { text: string; command?: string } {
  const running = command.exec(text)?.groups?.["command"];
  return running === undefined ? { text } : { text: "Building the image", command: running };
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
