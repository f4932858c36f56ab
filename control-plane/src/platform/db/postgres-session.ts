/** What a new connection goes through before anything else uses it: is this server fit, and is the database ours alone? */
import type { Client } from "pg";
import { nameOf, type PostgresSchema } from "./place.ts";
import { DatabaseUnusableError } from "./postgres-errors.ts";

/** Keeps a second control plane away, and tells how connections come and go. */
export interface Session {
  begin(connection: Client): Promise<void>;
  /** Told of each sign that the connection is gone. */
  lost(reason: unknown): void;
}

export const postgresMin = 13;
const statementLimitSeconds = 30;

/** @throws DatabaseUnusableError, or what the session or the server throws */
export async function prepareSession(connection: Client, place: PostgresSchema): Promise<void> {
  await requireFit(connection, place);
  await connection.query(settingsOf(place));
  await place.session?.begin(connection);
}

async function requireFit(connection: Client, place: PostgresSchema): Promise<void> {
  const { rows } = await connection.query<{ version: number; encoding: string; standby: boolean }>(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby",
  );
  const { version, encoding, standby } = rows[0]!;
  if (version < postgresMin * 10_000)
    throw new DatabaseUnusableError(
      `${nameOf(place)} is PostgreSQL ${Math.floor(version / 10_000)}. Playspawn needs ${postgresMin} or newer: upgrade the server.`,
    );
  if (encoding !== "UTF8")
    throw new DatabaseUnusableError(
      `${nameOf(place)} is encoded in ${encoding}. Create a database with the encoding UTF8 and name that in DATABASE_URL.`,
    );
  if (standby) throw Object.assign(new Error("a stand-by"), { code: "25006", severity: "ERROR" });
}

/** A dead client's session, with its lock, ends after about a minute, so that another machine may take over. */
function settingsOf({ schema, durability }: PostgresSchema): string {
  return [
    `SET search_path TO "${schema}"`,
    `SET statement_timeout = '${statementLimitSeconds}s'`,
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
    durability === "normal"
      ? "SET synchronous_commit = off"
      : // A server may wait for its stand-bys, too; it must not wait for nothing.
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
  ].join("; ");
}
