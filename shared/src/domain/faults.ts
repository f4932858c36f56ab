/** What is wrong with an input, field by field, in words that say what to do. */
import type { z } from "zod";
import { AppError, type Fault } from "./errors.ts";

/**
 * `value` as the schema reads it, or what is wrong with it. `at` is where it stands: "" for the body, `/query`.
 * No text may hold U+0000, whatever the schema says: PostgreSQL refuses it in every query.
 */
export function parseInput(schema: z.ZodType, value: unknown, at: string): { value: unknown; faults: Fault[] } {
  const parsed = schema.safeParse(value, { error: words });
  if (parsed.success) return { value: parsed.data, faults: nulFaults(parsed.data, at) };
  return { value: undefined, faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, at)) };
}

/** Without recursion: what a schema leaves open may be nested deeper than the stack. */
function nulFaults(value: unknown, at: string): Fault[] {
  const faults: Fault[] = [];
  const waiting = [{ value, at }];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (hasNul(one.value)) faults.push({ pointer: one.at, detail: "must not contain the character U+0000" });
    if (typeof one.value !== "object" || one.value === null || ArrayBuffer.isView(one.value)) continue;
    for (const [name, inner] of Object.entries(one.value)) {
      const pointer = pointerTo(one.at, name);
      if (hasNul(name)) faults.push({ pointer, detail: "is a name that cannot be: it contains the character U+0000" });
      waiting.push({ value: inner, at: pointer });
    }
  }
  return faults;
}

const hasNul = (value: unknown): boolean => typeof value === "string" && value.includes("\0");

function faultsOf(issue: z.core.$ZodIssue, at: string): Fault[] {
  const pointer = pointerTo(at, ...issue.path);
  if (issue.code !== "unrecognized_keys") return [{ pointer, detail: issue.message }];
  return issue.keys.map((key) => ({ pointer: pointerTo(pointer, key), detail: "is not a known field" }));
}

/** A JSON pointer (RFC 6901). Its steps are cut: a client's field name may be a megabyte long. */
export const pointerTo = (at: string, ...steps: PropertyKey[]): string =>
  at + steps.map((step) => `/${String(step).slice(0, 100).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** More than anybody mends in one go; a body of a megabyte may hold 60 000 unknown fields. */
const faultsMax = 100;

/** @throws AppError invalid_request with the faults, at most 100 of them, each under its JSON pointer */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const first = faults.slice(0, 3).map(({ pointer, detail }) => `${pointer || "the body"} ${detail}`);
  const count = faults.length === 1 ? "One field is" : `${faults.length} fields are`;
  throw new AppError("invalid_request", `${count} not valid: ${first.join("; ")}.`, {
    faults: faults.slice(0, faultsMax),
  });
}

type Issue = z.core.$ZodIssue | z.core.$ZodRawIssue;

/** The second half of a sentence that begins with the field. Schemas with words of their own keep them. */
function words(issue: z.core.$ZodRawIssue): string | undefined {
  const must = expected(issue);
  if (must !== undefined) return issue.input === undefined ? `is missing: it must be ${must}` : `must be ${must}`;
  switch (issue.code) {
    case "too_small":
      return sizeFault(issue, issue.minimum, issue.inclusive ? "at least" : "more than");
    case "too_big":
      return sizeFault(issue, issue.maximum, issue.inclusive ? "at most" : "less than");
    case "invalid_format":
      return issue.format === "regex" ? "does not have the right form" : `must be a valid ${issue.format}`;
    case "invalid_key":
      return `is a name that cannot be: it ${issue.issues[0]?.message}`;
    default:
      return undefined;
  }
}

const nouns: Record<string, string> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "a text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
};

/** What stands after "must be" where a value is of the wrong kind; undefined where the kind is right. */
function expected(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return nouns[issue.expected] ?? issue.expected;
    case "invalid_value":
      return oneOf(issue.values);
    case "invalid_union":
      return expectedOfUnion(issue);
    default:
      return undefined;
  }
}

const oneOf = (values: readonly unknown[]): string => `${values.length > 1 ? "one of " : ""}${values.join(", ")}`;

function expectedOfUnion({ errors, options }: { errors: readonly Issue[][]; options?: unknown }): string {
  if (Array.isArray(options)) return oneOf(options);
  const kinds = errors.flat().map((issue) => (issue.path?.length === 0 ? expected(issue) : undefined));
  return kinds.includes(undefined) ? "of a form that the API's description allows" : [...new Set(kinds)].join(" or ");
}

const units: Record<string, [one: string, many: string]> = {
  string: ["character", "characters"],
  array: ["item", "items"],
};

function sizeFault(
  { origin, exact }: { origin: string; exact?: boolean },
  size: number | bigint,
  bound: string,
): string {
  const unit = units[origin];
  if (!unit) return `must be ${bound} ${size}`;
  if (bound === "at least" && size === 1 && !exact) return "must not be empty";
  return `must have ${exact ? "exactly" : bound} ${size} ${unit[size === 1 ? 0 : 1]}`;
}
