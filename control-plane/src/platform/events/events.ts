/** What happened, in order: an append-only table whose sequence number never goes back. See retention.ts for its end. */
import { type Clock, newId, type Rng } from "@playspawn/shared";
import type { Db } from "../db/db.ts";
import { decodeCursor, type Page, pageOf } from "../http/page.ts";

export type JsonObject = Record<string, unknown>;

export interface NewEvent {
  /** The team whose event it is; null for the installation's own. */
  ownerId: string | null;
  subject: { kind: string; id: string };
  /** A word such as `wake` or `created`. */
  kind: string;
  cause: JsonObject | null;
  data: JsonObject;
  /** When it happened, UTC ms; now when absent. A node's events carry the node's time. */
  at?: number;
}

export interface Event {
  seq: number;
  id: string;
  at: number;
  ownerId: string | null;
  subject: { kind: string; id: string };
  kind: string;
  cause: JsonObject | null;
  data: JsonObject;
}

interface EventRow {
  seq: number;
  id: string;
  at: number;
  owner_id: string | null;
  subject_kind: string;
  subject_id: string;
  kind: string;
  cause: string | null;
  data: string;
}

export async function appendEvent(db: Db, ports: { clock: Clock; rng: Rng }, event: NewEvent): Promise<Event> {
  const row = {
    id: newId("evt", ports),
    at: event.at ?? ports.clock.now(),
    owner_id: event.ownerId,
    subject_kind: event.subject.kind,
    subject_id: event.subject.id,
    kind: event.kind,
    cause: event.cause === null ? null : JSON.stringify(event.cause),
    data: JSON.stringify(event.data),
  };
  const [stored] = await db<EventRow>("events").insert(row).returning("seq");
  return fromRow({ ...row, seq: stored!.seq });
}

/** Newest first. `cursor` is the `nextCursor` of the page before. @throws AppError invalid_request for another cursor. */
export async function listEvents(
  db: Db,
  { subject, cursor, limit }: { subject: { kind: string; id: string }; cursor?: string | undefined; limit: number },
): Promise<Page<Event>> {
  const before = decodeCursor(cursor, /^\d{1,15}$/);
  const query = db<EventRow>("events")
    .where({ subject_kind: subject.kind, subject_id: subject.id })
    .orderBy("seq", "desc")
    .limit(limit + 1);
  if (before !== undefined) query.where("seq", "<", Number(before));
  const page = pageOf(await query, limit, (row) => String(row.seq));
  return { items: page.items.map(fromRow), nextCursor: page.nextCursor };
}

const fromRow = (row: EventRow): Event => ({
  seq: row.seq,
  id: row.id,
  at: row.at,
  ownerId: row.owner_id,
  subject: { kind: row.subject_kind, id: row.subject_id },
  kind: row.kind,
  cause: row.cause === null ? null : (JSON.parse(row.cause) as JsonObject),
  data: JSON.parse(row.data) as JsonObject,
});
