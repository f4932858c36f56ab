/** The one way a command ends badly: sentences for people, an exit code and a problem for scripts. */
import type { Problem } from "@playspawn/shared/api/problem.ts";
import { exitCodeOf, exits, type ExitCode } from "./exit-codes.ts";

export interface FailureParts {
  /** What to do about it, a line each. */
  hints?: readonly string[];
  problem?: Problem;
  /** The same as it was answered. */
  document?: unknown;
  /** The request was written by hand: its faults are named by their pointers, not by options. */
  byPointers?: boolean;
  cause?: unknown;
}

export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;
  readonly hints: readonly string[];
  /** What the API answered, where it did. */
  readonly problem: Problem | undefined;
  readonly document: unknown;
  readonly byPointers: boolean;

  /** `sentence`: what happened, to which thing; empty when nothing needs to be said. */
  constructor(
    exitCode: ExitCode,
    sentence: string,
    { hints = [], problem, document, byPointers = false, cause }: FailureParts = {},
  ) {
    super(sentence, { cause });
    this.exitCode = exitCode;
    this.hints = hints;
    this.problem = problem;
    this.document = document;
    this.byPointers = byPointers;
  }
}

export const usageFailure = (sentence: string, ...hints: string[]): Failure =>
  new Failure(exits.usage, sentence, { hints });

export const failureOf = (problem: Problem, parts: Omit<FailureParts, "problem"> = {}): Failure =>
  new Failure(exitCodeOf(problem.code, problem.status), problem.detail, { ...parts, problem });
