/** Anything thrown becomes one RFC 9457 problem document, here and nowhere else. */
import { AppError, errorCatalog, errorCodes } from "@playspawn/shared";
import { z } from "zod";
import { isDatabaseAway } from "../db/postgres-errors.ts";

export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(errorCodes),
    instance: z.string(),
    faults: z
      .array(z.strictObject({ pointer: z.string(), detail: z.string(), line: z.number().int().optional() }))
      .optional(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;

export const problemMediaType = "application/problem+json";

/** `instance` is the request id: the operator finds the request in the log with it. */
export function problemOf(error: AppError, instance: string): Problem {
  const { status, title } = errorCatalog[error.code];
  const problem = { type: `/errors/${error.code}`, title, status, detail: error.message, code: error.code, instance };
  return error.faults.length > 0 ? { ...problem, faults: [...error.faults] } : problem;
}

/** What people may know of `error`: our own errors as they are, a full disk by name, everything else as `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isDiskFull(error))
    return new AppError("disk_full", "The disk that holds the data is full. Free some space and try again.", {
      cause: error,
    });
  if (isDatabaseAway(error))
    return new AppError("not_ready", "The database does not answer. What was not confirmed may be tried again.", {
      cause: error,
    });
  return new AppError("internal", "Something broke on our side. The log tells more under this request id.", {
    cause: error,
  });
}

/** Of SQLite, the system, and PostgreSQL. */
const diskFullCodes = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT", "SQLITE_IOERR_SHMSIZE", "53100"]);

/** Whether `error`, or what caused it, says that no space is left. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++)
    if (diskFullCodes.has((cause as NodeJS.ErrnoException).code ?? "")) return true;
  return false;
}
