/** What is said of a game that ended although nobody asked it to. */
import { AppError } from "@playspawn/shared";
import type { Exit } from "../runtime/runtime.ts";
import { recentLines } from "./console.ts";
import type { Stage } from "./stage.ts";

const lastWords = 10;

/** The error people read: exit code and the game's last lines, or that its memory was too small. */
export async function crashed(stage: Stage, exit: Exit): Promise<AppError> {
  if (exit.outOfMemory) {
    const mib = Math.round(stage.desired.spec.memoryBytes / 1024 ** 2);
    return new AppError(
      "out_of_memory",
      `The game needed more than its ${mib} MB of memory and was ended. Give it more.`,
      {
        cause: exit,
      },
    );
  }
  const lines = await recentLines(stage, lastWords).catch(() => []);
  const words = lines.length === 0 ? "It said nothing." : `Its last lines:\n${lines.join("\n").slice(-1500)}`;
  return new AppError("game_crashed", `The game ended by itself with exit code ${exit.code}. ${words}`, {
    cause: exit,
  });
}

/** The exit behind such an error. */
export const exitOf = (error: AppError): Exit | undefined =>
  error.code === "game_crashed" || error.code === "out_of_memory" ? (error.cause as Exit | undefined) : undefined;

/** Exit codes of a game that was asked to stop: by itself, SIGINT, SIGKILL after its limit, SIGTERM. */
const askedFor = new Set([0, 130, 137, 143]);

/** Whether a game that ended while no agent looked most likely crashed. */
export const looksCrashed = (exit: Exit): boolean => exit.outOfMemory || !askedFor.has(exit.code);
