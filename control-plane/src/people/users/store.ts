/** Users and their personal teams. */
import { type Clock, newId, type Rng } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";

export type Role = "admin" | "user";

export interface UserRow {
  id: string;
  email: string;
  role: Role;
  team_id: string;
  /** null: cannot sign in with a password. */
  password_hash: string | null;
  created_at: number;
}

export const findUserByEmail = (db: Db, email: string): Promise<UserRow | undefined> =>
  db<UserRow>("users").where({ email }).first();

export const findUser = (db: Db, id: string): Promise<UserRow | undefined> =>
  db<UserRow>("users").where({ id }).first();

/** Whether anybody can administer this installation by signing in with a password. */
export async function hasAdmin(db: Db): Promise<boolean> {
  const row = await db<UserRow>("users").where({ role: "admin" }).whereNotNull("password_hash").first("id");
  return row !== undefined;
}

/** Whether there is any account besides this one. */
export const hasOthers = async (db: Db, id: string): Promise<boolean> =>
  (await db<UserRow>("users").whereNot({ id }).first("id")) !== undefined;

/** Creates the user together with the personal team that owns what they make. Call in a transaction. */
export async function insertUser(
  tx: Db,
  ports: { clock: Clock; rng: Rng },
  user: { email: string; role: Role; passwordHash: string | null },
): Promise<UserRow> {
  const created_at = ports.clock.now();
  const team_id = newId("team", ports);
  await tx("teams").insert({ id: team_id, name: user.email, created_at });
  const row: UserRow = {
    id: newId("usr", ports),
    email: user.email,
    role: user.role,
    team_id,
    password_hash: user.passwordHash,
    created_at,
  };
  await tx<UserRow>("users").insert(row);
  return row;
}

export const updateUser = (
  db: Db,
  id: string,
  change: Partial<Pick<UserRow, "role" | "password_hash">>,
): Promise<number> => db<UserRow>("users").where({ id }).update(change);
