/** Idempotency-Key: one effect and one answer for a key, across retries, races and crashes. */
import { createHash } from "node:crypto";
import { AppError, type Clock } from "@playspawn/shared";
import type { Knex } from "knex";
import { type Db, transaction } from "../db/db.ts";

export interface KeyedRequest {
  actorId: string;
  operation: string;
  key: string;
  /** Of method, path and body: the same key with another request is a client's mistake. */
  requestHash: string;
}

interface Row {
  request_hash: string;
  answer: string;
}

const keptMs = 48 * 3600 * 1000;

/** @throws AppError invalid_request for a key that is empty, longer than 255 or not printable ASCII. */
export function checkKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return;
  throw new AppError("invalid_request", "The Idempotency-Key must be 1 to 255 printable ASCII characters.", {
    faults: [{ pointer: "/headers/idempotency-key", detail: "must be 1 to 255 printable ASCII characters" }],
  });
}

export const hashRequest = (method: string, path: string, body: string): string =>
  createHash("sha256").update(`${method} ${path}\n${body}`).digest("hex");

/**
 * The stored answer of this key, or undefined when it is new. Asked before the handler runs, so that a repeated
 * request is answered without looking at the world again.
 * @throws AppError idempotency_conflict when it was used for another request
 */
export async function storedAnswer(db: Db, request: KeyedRequest): Promise<{ answer: unknown } | undefined> {
  const row = await db<Row>("idempotency").where(columnsOf(request)).first();
  if (!row) return undefined;
  if (row.request_hash !== request.requestHash)
    throw new AppError(
      "idempotency_conflict",
      "This Idempotency-Key was sent with another request before: use a new one.",
    );
  return { answer: JSON.parse(row.answer) as unknown };
}

const columnsOf = ({ actorId, operation, key }: KeyedRequest) => ({ actor_id: actorId, operation, key });

/**
 * Runs `work` and keeps its answer in the same transaction, so that a crash leaves both or neither. Of two at the same
 * time, the second finds the first's answer: transactions run one after the other.
 */
export function once<T>(
  db: Knex,
  clock: Clock,
  request: KeyedRequest | null,
  work: (tx: Db) => Promise<T>,
): Promise<T> {
  return transaction(db, async (tx) => {
    if (request === null) return work(tx);
    const stored = await storedAnswer(tx, request);
    if (stored) return stored.answer as T;
    const answer = await work(tx);
    await tx("idempotency").insert({
      ...columnsOf(request),
      request_hash: request.requestHash,
      answer: JSON.stringify(answer),
      created_at: clock.now(),
    });
    return answer;
  });
}

/** Forgets the keys whose answers tell of this thing. @param id of letters, digits and `_` */
export const dropAnswersAbout = async (db: Db, id: string): Promise<void> =>
  void (await db("idempotency").where("answer", "like", `%"id":"${id}"%`).delete());

/** Forgets keys older than two days. */
export const prune = (db: Db, clock: Clock): Promise<number> =>
  db("idempotency")
    .where("created_at", "<", clock.now() - keptMs)
    .delete();
