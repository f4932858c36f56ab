/** Cursor pagination: `?limit=1..100&cursor=` in, `{items, nextCursor}` out. A cursor is opaque to clients. */
import { AppError } from "@playspawn/shared";
import { z } from "zod";

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Extend this with filters of your own; it refuses unknown fields. */
export const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, "must be a whole number from 1 to 100")
    .transform(Number)
    .pipe(z.number().int().min(1).max(100))
    .default(50)
    .meta({ type: "integer", minimum: 1, maximum: 100, default: 50, description: "How many items, 1 to 100." }),
  cursor: z.string().max(200).optional().meta({ description: "The `nextCursor` of the page before." }),
});

export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });

/** Fetch `limit + 1` rows after the cursor; this cuts the extra one off and makes the next cursor from `keyOf` the last. */
export function pageOf<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

export const encodeCursor = (key: string): string => Buffer.from(key, "utf8").toString("base64url");

/** @throws AppError invalid_request when it is not a cursor that matches `pattern`. */
export function decodeCursor(cursor: string | undefined, pattern: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const key = Buffer.from(cursor, "base64url").toString("utf8");
  if (pattern.test(key)) return key;
  throw new AppError("invalid_request", "The cursor is not one of ours: use the nextCursor of the page before.", {
    faults: [{ pointer: "/query/cursor", detail: "is not a nextCursor of this list" }],
  });
}
