/** Anything thrown becomes one RFC 9457 problem document, here and nowhere else. */
import { AppError, type ErrorCode, errorCatalog, errorCodes, type Fault } from "@playspawn/shared";
import { z } from "zod";

export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(errorCodes),
    instance: z.string(),
    faults: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
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
    return new AppError("disk_full", "The disk that holds the data folder is full. Free some space and try again.", {
      cause: error,
    });
  return new AppError("internal", "Something broke on our side. The log tells more under this request id.", {
    cause: error,
  });
}

const diskFullCodes = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT", "SQLITE_IOERR_SHMSIZE"]);

/** Whether `error`, or what caused it, says that no space is left. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 8; cause = cause.cause, depth++)
    if (diskFullCodes.has((cause as NodeJS.ErrnoException).code ?? "")) return true;
  return false;
}

/** More than anybody mends in one go; a body of a megabyte may hold 60 000 unknown fields. */
const faultsMax = 100;

/** @throws AppError with the faults, at most 100 of them, each under its JSON pointer */
export function refuseFaults(faults: readonly Fault[], code: ErrorCode = "invalid_request"): void {
  if (faults.length === 0) return;
  const words = faults.length === 1 ? "One field is" : `${faults.length} fields are`;
  throw new AppError(code, `${words} not valid: ${faults.slice(0, 3).map(sentence).join("; ")}.`, {
    faults: faults.slice(0, faultsMax),
  });
}

const sentence = ({ pointer, detail }: Fault): string => `${pointer || "the body"} ${detail}`;

/** Faults of a zod error. `prefix` is where the value stood: "" for the body, `/query`, `/params`. */
export function faultsOf(error: z.ZodError, prefix: string): Fault[] {
  return error.issues.flatMap((issue) => {
    const at = prefix + issue.path.map((step) => `/${escapeStep(String(step))}`).join("");
    if (issue.code !== "unrecognized_keys") return [{ pointer: at, detail: words(issue.message) }];
    return issue.keys.map((key) => ({ pointer: `${at}/${escapeStep(key)}`, detail: "is not a known field" }));
  });
}

/** RFC 6901. Cut: a client's field name may be a megabyte long. */
const escapeStep = (step: string): string => step.slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1");

/** Zod's messages, turned into the second half of a sentence that starts with the pointer. Our own pass as they are. */
function words(message: string): string {
  const type = /^Invalid input: expected (\w+), received (\w+)$/.exec(message);
  if (type) return type[2] === "undefined" ? `is missing: expected ${noun(type[1])}` : `must be ${noun(type[1])}`;
  const size = /^Too (?:big|small): expected \w+ to (be|have) ([<>]=?)(\d+)(.*)$/.exec(message);
  if (size) return `must ${size[1]} ${bounds[size[2]!]} ${size[3]}${size[4]}`;
  return message.replace(/^Invalid option: expected /, "must be ").replace(/^Invalid input$/, "is not valid");
}

const bounds: Record<string, string> = { "<": "less than", "<=": "at most", ">": "more than", ">=": "at least" };

const nouns: Record<string, string> = {
  object: "an object",
  array: "a list",
  string: "a text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "null",
};
const noun = (type = ""): string => nouns[type] ?? type;
