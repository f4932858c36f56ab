/**
 * One control plane per database: an advisory lock, held by the one connection that also does the work. So there is no
 * moment in which a control plane writes and does not hold it: the server ends both together.
 */
import type { Client } from "pg";
import { messageOf } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Log } from "../log.ts";
import { serverOf } from "./place.ts";
import { DatabaseInUseError } from "./postgres-errors.ts";
import type { Session } from "./postgres-session.ts";

/** "play", "spwn": locks are counted apart in each database, so the same words do for all. */
const lockKeys = [0x70_6c_61_79, 0x73_70_77_6e];
/** How long a predecessor that is just stopping may take. */
const waitSeconds = 5;
const lockNotAvailable = "55P03";

export interface LockOptions {
  url: string;
  /** An id of this process: of two that used the database one after the other, the first finds that it is not its any more. */
  run: string;
  log: Log;
  /** Told once, when the database belongs to another: this process must end. */
  onLost(error: DatabaseInUseError): void;
}

export interface DatabaseLock extends Session {
  /** Writes down whose the database is; from then on each new connection looks whether it still is. */
  claim(db: Knex): Promise<void>;
}

export function databaseLock({ url, run, log, onLost }: LockOptions): DatabaseLock {
  let claimed = false;
  let taken: DatabaseInUseError | undefined;
  let former: number | undefined;
  let away = false;
  const name = `playspawn ${run}`;

  async function lock(connection: Client): Promise<void> {
    await connection.query("SELECT set_config('application_name', $1, false)", [name]);
    // Our own connection before, which the server may take for alive: what it had not committed is lost anyway.
    const { processID } = connection as Client & { processID: number };
    await connection.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2",
      [former ?? 0, name],
    );
    await connection.query(`SET lock_timeout = '${waitSeconds}s'`);
    await connection.query("SELECT pg_advisory_lock($1::int, $2::int)", lockKeys);
    await connection.query("SET lock_timeout = 0");
    former = processID;
  }

  async function requireOurs(connection: Client): Promise<void> {
    if (!claimed) return;
    const { rows } = await connection.query<{ value: string }>("SELECT value FROM meta WHERE key = 'control_plane'");
    if (rows[0]?.value !== run) throw inUse(url, "has used");
  }

  function lost(reason: unknown): void {
    if (!away)
      log.warn({ database: serverOf(url), reason: messageOf(reason) }, "the connection to the database is lost");
    away = true;
  }

  function watch(connection: Client): void {
    if (away) log.info({ database: serverOf(url) }, "the database is back");
    away = false;
    connection.once("error", lost);
    connection.once("end", () => lost("it was ended there"));
  }

  return {
    async begin(connection) {
      if (taken) throw taken;
      try {
        await lock(connection);
        await requireOurs(connection);
      } catch (error) {
        const fault = (error as { code?: string }).code === lockNotAvailable ? inUse(url, "uses") : error;
        if (claimed && fault instanceof DatabaseInUseError) onLost((taken = fault));
        throw fault;
      }
      watch(connection);
    },
    lost,
    async claim(db) {
      await db("meta").insert({ key: "control_plane", value: run }).onConflict("key").merge();
      claimed = true;
    },
  };
}

const inUse = (url: string, how: "uses" | "has used"): DatabaseInUseError =>
  new DatabaseInUseError(
    how === "uses"
      ? `Another control plane uses the database ${serverOf(url)}. Stop it, or set DATABASE_URL to another database.`
      : `Another control plane has used the database ${serverOf(url)} meanwhile, so this one must begin anew.`,
  );
