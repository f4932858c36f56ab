/** How events end: they are kept for a while and up to a number, in all and of each subject, the newest longest. */
import type { Db } from "../db/db.ts";

/**
 * Two sorts are counted apart: windows of usage come every minute from each server that runs, and would push out what
 * people want to read. Written as SQL text because only so SQLite finds the indexes that were made with the same words.
 */
const sorts = { told: "subject_kind <> 'server_usage'", usage: "subject_kind = 'server_usage'" } as const;

export interface Retention {
  sort: keyof typeof sorts;
  /** UTC ms: older ones go. */
  before: number;
  /** Rows that stay at most. */
  keep: number;
  /** Rows that are looked at in one turn. */
  limit: number;
}

/** Looks at the oldest `limit` only, so that a turn is short however many there are. @returns how many went */
export async function dropOldEvents(db: Db, { sort, before, keep, limit }: Retention): Promise<number> {
  const events = () => db("events").whereRaw(sorts[sort]);
  const surplus = (await events().orderBy("seq", "desc").offset(keep).first("seq")) as { seq: number } | undefined;
  const oldest = events().orderBy("seq").limit(limit).select("seq", "at").as("oldest");
  const gone = db
    .from(oldest)
    .where("at", "<", before)
    .orWhere("seq", "<=", surplus?.seq ?? 0)
    .select("seq");
  return await db("events").whereIn("seq", gone).delete();
}

/** Of one subject only the newest `keep` stay. @returns how many went */
export async function trimEvents(
  db: Db,
  { subject, keep }: { subject: { kind: string; id: string }; keep: number },
): Promise<number> {
  const events = () => db("events").where({ subject_kind: subject.kind, subject_id: subject.id });
  const surplus = (await events().orderBy("seq", "desc").offset(keep).first("seq")) as { seq: number } | undefined;
  if (!surplus) return 0;
  return await events().where("seq", "<=", surplus.seq).delete();
}
