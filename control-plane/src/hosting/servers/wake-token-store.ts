/** Wake tokens: one for each server that has one, known by its hash. */
import type { Db } from "../../platform/db/db.ts";

interface WakeTokenRow {
  server_id: string;
  token_hash: string;
  created_at: number;
}

const tokens = (db: Db) => db<WakeTokenRow>("wake_tokens");

export const findWakeTokenHash = async (db: Db, server: string): Promise<string | undefined> =>
  (await tokens(db).where({ server_id: server }).first("token_hash"))?.token_hash;

/** In place of the one there was. */
export const putWakeToken = async (db: Db, row: WakeTokenRow): Promise<void> =>
  void (await tokens(db).insert(row).onConflict("server_id").merge());

/** Whether there was one. */
export const dropWakeToken = async (db: Db, server: string): Promise<boolean> =>
  (await tokens(db).where({ server_id: server }).delete()) > 0;
