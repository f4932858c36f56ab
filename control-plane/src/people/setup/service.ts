/** The first admin: from the environment, or by a link that is good once, for 30 minutes. */
import { addressKey, AppError, newSecret, type Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import { type Db, transaction } from "../../platform/db/db.ts";
import { createLimiter } from "../../platform/http/rate.ts";
import type { Log } from "../../platform/log.ts";
import { hashToken, tokenMatches } from "../../platform/token.ts";
import type { OpenedSession, Sessions } from "../sessions/service.ts";
import type { Passwords } from "../users/passwords.ts";
import type { Users } from "../users/service.ts";

/** Who holds a link up. */
export interface Caller {
  address: string;
  log: Log;
}

export interface Setup {
  /** Whether an admin exists. Once true it stays true. */
  isDone(): boolean;
  /** The new link's token, made at this start; null when no set-up is needed. */
  readonly token: string | null;
  /** Whether the link is good, before anything is typed. @throws as `complete` */
  check(token: string, caller: Caller): Promise<void>;
  /**
   * Makes the admin and signs them in.
   * @throws AppError setup_done, setup_token_invalid, setup_token_unknown; rate_limited for who tried many wrong ones; conflict while a backup
   * is restored
   */
  complete(request: { token: string; email: string; password: string }, caller: Caller): Promise<OpenedSession>;
  /**
   * A backup is to bring the admin: until what this answers is called, nobody else makes one.
   * @throws AppError setup_done; conflict while somebody does
   */
  reserve(): () => void;
}

interface SetupRow {
  /** Grows from link to link. */
  id: number;
  token_hash: string;
  /** Nobody reads it: a token of 256 bits needs no count that would lock its owner out. */
  tries_left: number;
  expires_at: number;
}

const linkMs = 30 * 60 * 1000;
/** From one address. The right token passes all the same. */
const wrongTokens = { points: 20, seconds: 60 };
/** Links that were printed before and are still good: a restart must not make the one in somebody's hands worthless. */
const olderLinksMax = 20;

export interface SetupDeps {
  db: Knex;
  ports: Ports;
  users: Users;
  sessions: Sessions;
  passwords: Passwords;
}

/** Runs at start: takes the admin from the environment, or makes a new link while there is none. */
export async function createSetup(deps: SetupDeps, admin: { email: string; password: string } | null): Promise<Setup> {
  const { db, ports, users } = deps;
  if (admin) await ensureAdmin(deps, admin);
  let done = await users.hasAdmin(db);
  const token = done ? null : newSecret(ports.rng);
  await transaction(db, async (tx) => {
    if (token === null) await tx("setup").delete();
    else await addLink(tx, token, ports.clock.now());
  });
  const guesses = createLimiter("setup", wrongTokens);
  const check = async (given: string, { address, log }: Caller): Promise<void> => {
    const refusal = await refusalOf(deps, given);
    if (refusal?.code === "setup_token_unknown") {
      await guesses.take(addressKey(address));
      log.warn({ remote_address: address }, "somebody tried a wrong set-up link");
    }
    if (refusal) throw refusal;
  };
  let making = 0;
  let isReserved = false;
  return {
    isDone: () => done,
    token,
    check,
    async complete(request, caller) {
      await check(request.token, caller);
      const passwordHash = await deps.passwords.hash(request.password);
      if (isReserved) throw new AppError("conflict", "A backup is being restored here. Wait for its end.");
      making++;
      try {
        const session = await transaction(db, (tx) => createAdmin(tx, deps, { ...request, passwordHash }));
        done = true;
        return session;
      } finally {
        making--;
      }
    },
    reserve() {
      if (done) throw setupDone();
      if (making > 0) throw new AppError("conflict", "The first account is being made here. Try again in a moment.");
      isReserved = true;
      return () => void (isReserved = false);
    },
  };
}

async function addLink(tx: Db, token: string, now: number): Promise<void> {
  const good = await tx<SetupRow>("setup").where("expires_at", ">", now).orderBy("id", "desc").limit(olderLinksMax);
  await tx<SetupRow>("setup")
    .whereNotIn(
      "id",
      good.map(({ id }) => id),
    )
    .delete();
  const id = (good[0]?.id ?? 0) + 1;
  await tx<SetupRow>("setup").insert({
    id,
    token_hash: hashToken(token),
    tries_left: 0,
    expires_at: now + linkMs,
  });
}

/** Why this token does not open the set-up, or null when it does. */
async function refusalOf({ db, users, ports }: SetupDeps, token: string): Promise<AppError | null> {
  const link = (await db<SetupRow>("setup")).find(({ token_hash }) => tokenMatches(token, token_hash));
  // After the links, which go with the set-up: whoever comes second is told that it is done, and not that his link is none.
  if (await users.hasAdmin(db)) return setupDone();
  if (!link)
    return new AppError(
      "setup_token_unknown",
      "This is no set-up link of this installation, or a much older one. Copy the newest one whole.",
    );
  if (link.expires_at > ports.clock.now()) return null;
  return new AppError(
    "setup_token_invalid",
    "The set-up link is older than 30 minutes. Open the newest link; each start of Playspawn prints one.",
  );
}

const setupDone = (): AppError =>
  new AppError("setup_done", "This installation has its admin already: sign in instead.");

/** Of two that held the same link at the same time, the second finds an admin. */
async function createAdmin(
  tx: Db,
  { users, sessions }: SetupDeps,
  { email, passwordHash }: { email: string; passwordHash: string },
): Promise<OpenedSession> {
  if (await users.hasAdmin(tx)) throw setupDone();
  const user = await users.create(tx, { email, role: "admin", passwordHash });
  await tx("setup").delete();
  return sessions.open(tx, user, "setup");
}

/** The environment's word counts: a password changed there is the new one, and ends every session of that account. */
async function ensureAdmin(
  { db, users, sessions, passwords }: SetupDeps,
  admin: { email: string; password: string },
): Promise<void> {
  const user = await users.byEmail(db, admin.email);
  if (user?.role === "admin" && (await passwords.verify(user.password_hash, admin.password))) return;
  const passwordHash = await passwords.hash(admin.password);
  if (!user) {
    await transaction(db, (tx) => users.create(tx, { email: admin.email, role: "admin", passwordHash }));
    return;
  }
  await users.makeAdmin(db, user.id, passwordHash);
  await sessions.endAll({ user_id: user.id });
}
