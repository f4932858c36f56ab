/** Whatever goes wrong on the way to an answer, as one kind of error with a sentence for people. */
import { problemOf, type Problem } from "@playspawn/shared/api/problem.ts";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail, { cause });
    this.problem = problem;
  }
}

/** The problem behind anything thrown, never a bare stack. */
export const problemFrom = (error: unknown): Problem =>
  error instanceof ApiError ? error.problem : problemOf(0, { code: "client", detail: messageOf(error) });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
