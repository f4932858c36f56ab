/** What is forgotten after a while, so that nothing here grows for ever. */
import type { Db } from "../../platform/db/db.ts";

/** Events older than `before`, and all but the newest `keep`; at most `limit` rows a turn. @returns how many went */
export async function dropOldEvents(
  db: Db,
  { before, keep, limit }: { before: number; keep: number; limit: number },
): Promise<number> {
  const newest = (await db("events").max({ seq: "seq" }).first()) as { seq: number | null } | undefined;
  const old = db("events")
    .where("at", "<", before)
    .orWhere("seq", "<=", (newest?.seq ?? 0) - keep)
    .orderBy("seq")
    .limit(limit)
    .select("seq");
  return await db("events").whereIn("seq", old).delete();
}

/** SHA-256 of every build context that a server was made from. */
export async function contextsInUse(db: Db): Promise<Set<string>> {
  const rows = (await db("servers").whereNull("removed_at").distinct("spec")) as { spec: string }[];
  const contexts = rows.map((row) => (JSON.parse(row.spec) as { image: { context?: string } }).image.context);
  return new Set(contexts.filter((context) => context !== undefined));
}
