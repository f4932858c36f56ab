/** Databases on a server: PostgreSQL through knex, made to mean what SQLite means. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Socket } from "node:net";
import { messageOf } from "@playspawn/shared";
import knex, { type Knex } from "knex";
import PostgresDialect from "knex/lib/dialects/postgres/index.js";
import { Client, type ClientConfig, types } from "pg";
import { driverUrl, type PostgresSchema, serverOf } from "./place.ts";
import { cleaned, connectFault, DatabaseAwayError, DatabaseUnusableError, isLost } from "./postgres-errors.ts";
import { postgresMin, prepareSession } from "./postgres-session.ts";

/** A query that waits this long for the one connection finds a server that is away, or a deadlock. */
const acquireLimitMs = 15_000;
const connectLimitMs = 10_000;
/** Longer than the server's own limit of a statement: who is silent for so long is not there any more. */
const answerLimitMs = 35_000;
const noLimitMs = 2 ** 31 - 1;
/** Of what a new connection goes through; it may wait for the lock. */
const greetingLimitMs = 10_000;
/** Seconds of silence before the kernel asks whether the other side still lives. */
const keepAliveMs = 10_000;

interface Column {
  args: unknown[];
  tableCompiler: { _canBeAddPrimaryKey(options: unknown): boolean };
}

/** Column types that hold what they hold on SQLite: 64 bits, text of any length, sorted byte by byte. */
const columnTypes = {
  text: () => 'text collate "C"',
  varchar: () => 'text collate "C"',
  integer: () => "bigint",
  increments: (options: unknown = { primaryKey: true }, column: Column) =>
    column.tableCompiler._canBeAddPrimaryKey(options) ? "bigserial primary key" : "bigserial",
};

const unlimited = new AsyncLocalStorage<boolean>();

/** Statements of `work` may take as long as they take: a copy, a migration. */
export const withoutLimit = <T>(work: () => Promise<T>): Promise<T> => unlimited.run(true, work);

/** With what knex and pg keep to themselves. */
type RawConnection = Client & { __knex__disposed?: unknown; connection: { stream: Socket } };

/** A subclass and no patched object, because knex makes the clients of transactions from the class. */
class SqliteLikePostgres extends PostgresDialect {
  declare config: Knex.Config & { place: PostgresSchema };

  override columnCompiler(table: unknown, builder: unknown): object {
    const column = super.columnCompiler(table, builder) as Column & Record<string, unknown>;
    const increments = (options: unknown) => columnTypes.increments(options, column);
    return Object.assign(column, { ...columnTypes, increments });
  }

  override async acquireRawConnection(): Promise<Client> {
    const { place, connection: settings } = this.config;
    const connection = clientOf(settings as ClientConfig, place.url);
    for (const sign of ["error", "end"] as const) connection.on(sign, () => (connection.__knex__disposed = sign));
    try {
      await connection.connect();
      await prepareSession(connection, place);
      return connection;
    } catch (error) {
      drop(connection);
      throw connectFault(error, place.url);
    }
  }

  override async acquireConnection(): Promise<Client> {
    try {
      return await super.acquireConnection();
    } catch (error) {
      if (!(error instanceof knex.KnexTimeoutError)) throw error;
      throw new DatabaseAwayError(this.config.place.url, "no connection came free");
    }
  }

  override async destroyRawConnection(connection: RawConnection): Promise<void> {
    connection.removeAllListeners("end");
    await super.destroyRawConnection(connection);
  }

  override async _query(connection: RawConnection, query: { options?: object }): Promise<object> {
    const { place } = this.config;
    const limitMs = unlimited.getStore() ? noLimitMs : (place.answerLimitMs ?? answerLimitMs);
    try {
      return await super._query(connection, Object.assign(query, { options: { query_timeout: limitMs } }));
    } catch (error) {
      if (!isLost(error)) throw cleaned(error);
      place.session?.lost(error);
      drop(connection);
      throw new DatabaseAwayError(place.url, error);
    }
  }
}

/** pg reads the address here, and the files of certificates that it names. */
function clientOf(settings: ClientConfig, url: string): RawConnection {
  try {
    return new Client(settings) as RawConnection;
  } catch (error) {
    throw new DatabaseUnusableError(`DATABASE_URL for ${serverOf(url)} cannot be used: ${messageOf(error)}.`);
  }
}

/** Nobody knows what became of its last statement: it is not used again, and its goodbye is not waited for. */
function drop(connection: RawConnection): void {
  connection.__knex__disposed = "lost";
  connection.connection.stream.destroy();
}

export function openPostgres(place: PostgresSchema): Knex {
  return knex({
    client: SqliteLikePostgres,
    connection: {
      connectionString: driverUrl(place.url),
      types: { getTypeParser },
      connectionTimeoutMillis: connectLimitMs,
      query_timeout: greetingLimitMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
    },
    // As for SQLite: errors name the statement, never the values.
    compileSqlOnError: false,
    acquireConnectionTimeout: place.answerLimitMs ?? acquireLimitMs,
    pool: { min: 1, max: 1 },
    // Each connection proves that it is at least that.
    version: String(postgresMin),
    // A lost connection is told by the session, once.
    log: { warn() {} },
    place,
  } as Knex.Config & { place: PostgresSchema });
}

const numberOids: readonly number[] = [types.builtins.INT8, types.builtins.NUMERIC];

/** Numbers come as numbers; pg would give those of 64 bits as text. */
function getTypeParser(oid: number, format?: "text" | "binary"): (value: string) => unknown {
  return numberOids.includes(oid)
    ? toNumber
    : (types.getTypeParser(oid, format as "text") as (value: string) => unknown);
}

/** @throws RangeError for one that a double cannot hold: better none than a wrong one. */
function toNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new RangeError("a number of the database is above 2^53");
  return value;
}
