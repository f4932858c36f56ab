/** What the schema of games has against a value, in words for the author of a game.yaml. */
import { Game } from "@playspawn/shared";
import { z } from "zod";

const kinds: Readonly<Record<string, string>> = {
  object: "a group of fields",
  record: "a group of fields",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  null: "nothing",
};

const kindOf = (value: unknown): string => {
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return kinds[kind] ?? kind;
};

/** Each as the second half of a sentence that the field begins; undefined leaves the schema's own words. */
export const wording: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(issue.input)}`;
    case "invalid_value":
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.join(", ")}`;
    case "too_small":
      return sized(issue.origin, `at least ${issue.minimum}`);
    case "too_big":
      return sized(issue.origin, `at most ${issue.maximum}`);
    case "invalid_union":
      return Array.isArray(issue["options"]) ? `must be one of ${issue["options"].join(", ")}` : undefined;
    default:
      return undefined;
  }
};

function sized(origin: string, limit: string): string {
  if (origin === "string") return `must have ${limit} characters`;
  if (origin === "array") return `must have ${limit} entries`;
  return `must be ${limit}`;
}

/** `a, b or c`. */
export const either = (names: readonly string[]): string => listed(names, "or");
/** `a, b and c`. */
export const all = (names: readonly string[]): string => listed(names, "and");

const listed = (names: readonly string[], last: string): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;

/** @param path of the group of fields that `key` stands in */
export function unknownField(path: readonly (string | number)[], key: string): string {
  const meant = nearest(key, fieldsAt(path));
  return `${key} is not a field here${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

const schema = z.toJSONSchema(Game, { io: "input" });

/** The fields that can stand in the group at `path`. */
function fieldsAt(path: readonly (string | number)[]): string[] {
  let here: JsonSchema[] = branchesOf(schema);
  for (const part of path) here = here.flatMap((one) => inside(one, part)).flatMap(branchesOf);
  return here.flatMap((one) => Object.keys(one.properties ?? {}));
}

const branchesOf = (one: JsonSchema): JsonSchema[] => (one.anyOf ?? one.oneOf ?? [one]) as JsonSchema[];

function inside({ properties, additionalProperties, items }: JsonSchema, part: string | number): JsonSchema[] {
  const found = typeof part === "number" ? items : (properties?.[part] ?? additionalProperties);
  return typeof found === "object" && !Array.isArray(found) ? [found as JsonSchema] : [];
}

/** Two slips of the finger away at most. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const far = known.map((name) => ({ name, slips: slips(word.toLowerCase(), name.toLowerCase()) }));
  return far.filter((one) => one.slips <= 2 && one.slips < word.length).sort((a, b) => a.slips - b.slips)[0]?.name;
}

/** Letters to insert, leave out or replace to make `a` into `b` (Levenshtein). */
function slips(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
