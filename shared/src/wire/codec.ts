/** JSON frames: parsed and checked once at the border, trusted inside. */
import { z } from "zod";

/** The largest frame either side sends or accepts, in bytes. */
export const frameBytesMax = 1024 * 1024;

export class FrameError extends Error {
  override readonly name = "FrameError";
}

export function decode<T>(schema: z.ZodType<T>, text: string): T {
  return checked(schema, jsonOf(text));
}

/** Like `decode`, of frames that are told apart by `t`: undefined for one that only a newer program knows. */
export function decodeFrame<T>(schema: z.ZodType<T> & Frames, text: string): T | undefined {
  const json = jsonOf(text);
  const { t } = (json ?? {}) as { t?: unknown };
  const isNewer = typeof t === "string" && /^[a-z][a-z.]{0,39}$/.test(t);
  if (isNewer && !schema.options.some(({ shape }) => shape.t.value === t)) return undefined;
  return checked(schema, json);
}

interface Frames {
  options: readonly { shape: { t: { value: unknown } } }[];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FrameError("the frame is not JSON", { cause });
  }
}

function checked<T>(schema: z.ZodType<T>, json: unknown): T {
  const parsed = parseKnown(schema, json);
  if (!parsed.success) throw new FrameError(`the frame is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/**
 * Parses what a program of another version may have written: fields that this one does not know are left out, at any
 * depth; everything else is as strict as `schema`. Takes `value` over.
 */
export function parseKnown<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  const strict = schema.safeParse(value);
  if (strict.success) return strict;
  const unknown = unknownFields(strict.error.issues, []);
  if (!unknown) return strict;
  for (const { path, keys } of unknown) {
    const owner = path.reduce((part, key) => (part as Record<PropertyKey, unknown>)[key], value);
    for (const key of keys) Reflect.deleteProperty(owner as object, key);
  }
  return schema.safeParse(value);
}

interface Unknown {
  path: readonly PropertyKey[];
  keys: readonly string[];
}

/** Where unknown fields are; undefined when anything else is wrong, too. */
function unknownFields(issues: readonly z.core.$ZodIssue[], base: readonly PropertyKey[]): Unknown[] | undefined {
  const found: Unknown[] = [];
  for (const issue of issues) {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") found.push({ path, keys: issue.keys });
    else {
      // Of a union the one member counts in which nothing else is wrong.
      const members = issue.code === "invalid_union" ? issue.errors : [];
      const fitting = members.map((member) => unknownFields(member, path)).find((member) => member?.length);
      if (!fitting) return undefined;
      found.push(...fitting);
    }
  }
  return found;
}
