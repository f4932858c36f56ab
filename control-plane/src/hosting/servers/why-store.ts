/** What the events of one server tell of its wakes; each question is bounded. */
import type { Cause } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";

export interface Wake {
  seq: number;
  /** UTC ms on the node's clock. */
  at: number;
  cause: Cause | null;
}

interface EventRow {
  seq: number;
  at: number;
  kind: string;
  cause: string | null;
  data: string;
}

const ofServer = (db: Db, id: string) => db("events").where({ subject_kind: "server", subject_id: id });

export async function lastWake(db: Db, id: string): Promise<Wake | null> {
  const row = (await ofServer(db, id).where({ kind: "wake" }).orderBy("seq", "desc").first("seq", "at", "cause")) as
    | Pick<EventRow, "seq" | "at" | "cause">
    | undefined;
  if (!row) return null;
  return {
    seq: Number(row.seq),
    at: Number(row.at),
    cause: row.cause === null ? null : (JSON.parse(row.cause) as Cause),
  };
}

/** Who asked for what came before event `seq`: an account's address, or `webhook`; null when nobody did or nobody knows. */
export async function askedBy(db: Db, id: string, seq: number): Promise<string | null> {
  const row = (await ofServer(db, id)
    .whereIn("kind", ["wake_requested", "restart_requested"])
    .where("seq", "<", seq)
    .orderBy("seq", "desc")
    .first("cause", "data")) as Pick<EventRow, "cause" | "data"> | undefined;
  if (!row) return null;
  const cause = JSON.parse(row.cause ?? "null") as { kind?: unknown } | null;
  if (cause?.kind === "webhook") return "webhook";
  const { by } = JSON.parse(row.data) as { by?: unknown };
  if (typeof by !== "string") return null;
  const user = (await db("users").where({ id: by }).first("email")) as { email: string } | undefined;
  return user?.email ?? null;
}

export interface Refusal {
  at: number;
  data: Record<string, unknown>;
}

/** Who was turned away after event `seq`, newest first, `limit` at most. */
export async function refusalsSince(db: Db, id: string, seq: number, limit: number): Promise<Refusal[]> {
  const rows = (await ofServer(db, id)
    .where({ kind: "refused" })
    .where("seq", ">", seq)
    .orderBy("seq", "desc")
    .limit(limit)
    .select("at", "data")) as Pick<EventRow, "at" | "data">[];
  return rows.map(({ at, data }) => ({ at: Number(at), data: JSON.parse(data) as Refusal["data"] }));
}

/** What the newest starts took, as their node measured them; a deployment's own proof is none. */
export async function wakeFigures(db: Db, id: string, limit: number): Promise<Record<string, unknown>[]> {
  const rows = (await ofServer(db, id)
    .where({ kind: "ready" })
    .orderBy("seq", "desc")
    .limit(limit)
    .select("cause", "data")) as Pick<EventRow, "cause" | "data">[];
  const wakes = rows.filter(({ cause }) => (JSON.parse(cause ?? "null") as Cause | null)?.kind !== "deploy");
  return wakes.map(({ data }) => JSON.parse(data) as Record<string, unknown>);
}
