/** Accounts, as the other features of people see them. Each call takes a handle first, to be part of a transaction. */
import type { Ports } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";
import { findUser, findUserByEmail, hasAdmin, hasOthers, insertUser, updateUser, type UserRow } from "./store.ts";

export type User = Readonly<UserRow>;
export type NewUser = Parameters<typeof insertUser>[2];

export interface Users {
  byId(db: Db, id: string): Promise<User | undefined>;
  /** `email` in lower case. */
  byEmail(db: Db, email: string): Promise<User | undefined>;
  /** Whether anybody can administer this installation by signing in with a password. */
  hasAdmin(db: Db): Promise<boolean>;
  /** Whether there is any account besides this one. */
  hasOthers(db: Db, id: string): Promise<boolean>;
  /** Together with their personal team. */
  create(tx: Db, user: NewUser): Promise<User>;
  /** Makes them an admin with this password. */
  makeAdmin(db: Db, id: string, passwordHash: string): Promise<void>;
}

export const createUsers = (ports: Ports): Users => ({
  byId: findUser,
  byEmail: findUserByEmail,
  hasAdmin,
  hasOthers,
  create: (tx, user) => insertUser(tx, ports, user),
  async makeAdmin(db, id, passwordHash) {
    await updateUser(db, id, { role: "admin", password_hash: passwordHash });
  },
});
