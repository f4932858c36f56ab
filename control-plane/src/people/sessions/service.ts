/** Signing in and out: opaque 256-bit tokens, known to us only as a hash. */
import { AppError, newId, newSecret, type Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Bus } from "../../platform/bus/bus.ts";
import { type Db, transaction } from "../../platform/db/db.ts";
import type { UserActor } from "../../platform/http/authorize.ts";
import { hashToken } from "../../platform/token.ts";
import type { Passwords } from "../users/passwords.ts";
import type { User, Users } from "../users/service.ts";
import type { Attempt, Guesses } from "./guesses.ts";
import {
  aliveSessions,
  deleteExpired,
  deleteSessions,
  findSession,
  insertSession,
  type SessionRow,
  touchSession,
} from "./store.ts";

/** A session as it is told once, to the one who signed in. */
export interface OpenedSession {
  userId: string;
  token: string;
  expiresAt: number;
}

export interface Sessions {
  /** @throws AppError wrong_credentials (the same for an unknown e-mail), rate_limited */
  login(attempt: Attempt & { password: string }): Promise<OpenedSession>;
  /** Signs the development account in. The caller has checked that it may. */
  devLogin(): Promise<OpenedSession>;
  /** Opens a session for a user who has proved themselves. Call with a transaction to make it part of one. */
  open(db: Db, user: User, kind: SessionRow["kind"]): Promise<OpenedSession>;
  /** Whose token this is, or null. */
  identify(token: string): Promise<UserActor | null>;
  /** Of these session ids, the ones that still count. */
  alive(ids: readonly string[]): Promise<ReadonlySet<string>>;
  logout(actor: UserActor): Promise<void>;
  /** Ends sessions, tells whoever serves them. */
  endAll(where: Partial<Pick<SessionRow, "user_id" | "kind">>): Promise<void>;
  /** Removes what has expired. */
  prune(): Promise<void>;
  /** `others`: whether there are accounts besides theirs. */
  me(actor: UserActor): Promise<User & { others: boolean }>;
}

const dayMs = 24 * 3600 * 1000;
/** A session ends after this long, whatever is done with it. */
const absoluteMs = 30 * dayMs;
/** And after this long without a request. */
const idleMs = 7 * dayMs;
/** How stale `seen_at` may be: a write per request would be a lot for nothing. */
const touchMs = 60_000;

export const devEmail = "dev@localhost";

export interface SessionsDeps {
  db: Knex;
  ports: Ports;
  bus: Bus;
  users: Users;
  passwords: Passwords;
  guesses: Guesses;
}

export function createSessions({ db, ports, bus, users, passwords, guesses }: SessionsDeps): Sessions {
  const { clock } = ports;
  const window = () => ({ now: clock.now(), seenAfter: clock.now() - idleMs });
  const ended = (sessionIds: string[]): void => {
    if (sessionIds.length > 0) bus.publish("sessionsEnded", { sessionIds });
  };
  const open: Sessions["open"] = async (handle, user, kind) => {
    const token = newSecret(ports.rng);
    const now = clock.now();
    const expiresAt = now + absoluteMs;
    const id = newId("ses", ports);
    const row = { id, token_hash: hashToken(token), user_id: user.id, kind, created_at: now, seen_at: now };
    await insertSession(handle, { ...row, expires_at: expiresAt });
    return { userId: user.id, token, expiresAt };
  };
  return {
    open,
    async login({ email, address, password }) {
      await guesses.begin({ email, address });
      const user = await users.byEmail(db, email);
      const proved = await passwords.verify(user?.password_hash ?? null, password);
      if (!user || !proved)
        throw new AppError("wrong_credentials", "E-mail or password is wrong. Check both and try again.");
      await guesses.proved({ email, address });
      return open(db, user, "password");
    },
    devLogin: () =>
      transaction(db, async (tx) => {
        const user =
          (await users.byEmail(tx, devEmail)) ??
          (await users.create(tx, { email: devEmail, role: "admin", passwordHash: null }));
        return open(tx, user, "dev");
      }),
    async identify(token) {
      const row = await findSession(db, { tokenHash: hashToken(token), ...window() });
      if (!row) return null;
      if (clock.now() - row.seen_at > touchMs) await touchSession(db, row.id, clock.now());
      return { kind: "user", userId: row.user_id, teamId: row.team_id, role: row.role, sessionId: row.id };
    },
    alive: async (ids) => new Set(await aliveSessions(db, { ids, ...window() })),
    logout: async (actor) => ended(await deleteSessions(db, { id: actor.sessionId })),
    endAll: async (where) => ended(await deleteSessions(db, where)),
    prune: async () => ended(await deleteExpired(db, window())),
    async me(actor) {
      const user = await users.byId(db, actor.userId);
      if (!user) throw new AppError("unauthenticated", "This account no longer exists.");
      return { ...user, others: await users.hasOthers(db, user.id) };
    },
  };
}
