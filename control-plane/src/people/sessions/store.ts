/** Sessions: rows that hold the SHA-256 of a token, never the token. */
import type { Knex } from "knex";
import { type Db, transaction } from "../../platform/db/db.ts";
import type { UserActor } from "../../platform/http/authorize.ts";

export interface SessionRow {
  id: string;
  token_hash: string;
  user_id: string;
  /** How it began: by `password`, by the `setup` link or by the `dev` login. */
  kind: "password" | "setup" | "dev";
  created_at: number;
  seen_at: number;
  expires_at: number;
}

export type SessionWithUser = SessionRow & { role: UserActor["role"]; team_id: string };

export const insertSession = (db: Db, row: SessionRow): Promise<unknown> => db<SessionRow>("sessions").insert(row);

/** Alive: before its end, and used since `seenAfter`. */
export const findSession = (
  db: Db,
  { tokenHash, now, seenAfter }: { tokenHash: string; now: number; seenAfter: number },
): Promise<SessionWithUser | undefined> =>
  db<SessionRow>("sessions")
    .join("users", "users.id", "sessions.user_id")
    .where("token_hash", tokenHash)
    .where("expires_at", ">", now)
    .where("seen_at", ">", seenAfter)
    .first<SessionWithUser | undefined>("sessions.*", "users.role", "users.team_id");

export const touchSession = (db: Db, id: string, seenAt: number): Promise<number> =>
  db<SessionRow>("sessions").where({ id }).update({ seen_at: seenAt });

/** Of these sessions, the ids of those still alive. */
export const aliveSessions = (
  db: Db,
  { ids, now, seenAfter }: { ids: readonly string[]; now: number; seenAfter: number },
): Promise<string[]> =>
  db<SessionRow>("sessions")
    .whereIn("id", ids)
    .where("expires_at", ">", now)
    .where("seen_at", ">", seenAfter)
    .pluck("id");

/** Deletes what matches and returns the ids. */
export const deleteSessions = (
  db: Db,
  where: Partial<Pick<SessionRow, "id" | "user_id" | "kind">>,
): Promise<string[]> => deleteWhere(db, (query) => query.where(where));

/** Deletes what is over and returns the ids. */
export const deleteExpired = (db: Db, { now, seenAfter }: { now: number; seenAfter: number }): Promise<string[]> =>
  deleteWhere(db, (query) => query.where("expires_at", "<=", now).orWhere("seen_at", "<=", seenAfter));

type Query = Knex.QueryBuilder<SessionRow>;

// Not `delete … returning`: knex has no such thing for SQLite.
const deleteWhere = (db: Db, condition: (query: Query) => unknown): Promise<string[]> =>
  transaction(db, async (tx) => {
    const ids: string[] = await tx<SessionRow>("sessions")
      .where((query) => void condition(query))
      .pluck("id");
    // In steps below SQLite's limit of parameters in one statement.
    for (let i = 0; i < ids.length; i += 500)
      await tx<SessionRow>("sessions")
        .whereIn("id", ids.slice(i, i + 500))
        .delete();
    return ids;
  });
