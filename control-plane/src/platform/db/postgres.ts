/** Databases on a server: PostgreSQL through knex, made to mean what SQLite means. */
import { AsyncLocalStorage } from "node:async_hooks";
import knex, { type Knex } from "knex";
import PostgresDialect from "knex/lib/dialects/postgres/index.js";
import { type Client, types } from "pg";
import type { PostgresSchema } from "./place.ts";
import { DatabaseAwayError, cleaned, connectFault, isLost } from "./postgres-errors.ts";
import { prepareSession } from "./postgres-session.ts";

/** A query that waits this long for the one connection finds a server that is away, or a deadlock. */
const acquireLimitMs = 15_000;
const connectLimitMs = 3000;
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

type RawConnection = Client & { __knex__disposed?: unknown };

/** A subclass and no patched object, because knex makes the clients of transactions from the class. */
class SqliteLikePostgres extends PostgresDialect {
  declare config: Knex.Config & { place: PostgresSchema };

  override columnCompiler(table: unknown, builder: unknown): object {
    const column = super.columnCompiler(table, builder) as Column & Record<string, unknown>;
    const increments = (options: unknown) => columnTypes.increments(options, column);
    return Object.assign(column, { ...columnTypes, increments });
  }

  override async acquireRawConnection(): Promise<Client> {
    const { place } = this.config;
    const connection = (await super.acquireRawConnection().catch((error: unknown) => {
      throw connectFault(error, place.url);
    })) as RawConnection;
    try {
      await prepareSession(connection, place);
      return connection;
    } catch (error) {
      void connection.end().catch(() => {});
      throw isLost(error) ? connectFault(error, place.url) : error;
    }
  }

  override async _query(connection: RawConnection, query: { options?: object }): Promise<object> {
    const options = { ...query.options, query_timeout: unlimited.getStore() ? noLimitMs : answerLimitMs };
    try {
      return await super._query(connection, Object.assign(query, { options }));
    } catch (error) {
      if (!isLost(error)) throw cleaned(error);
      // Nobody knows what became of it: this connection is not used again.
      connection.__knex__disposed = "lost";
      void connection.end().catch(() => {});
      throw new DatabaseAwayError(this.config.place.url, error);
    }
  }
}

export function openPostgres(place: PostgresSchema): Knex {
  return knex({
    client: SqliteLikePostgres,
    connection: {
      connectionString: place.url,
      types: { getTypeParser },
      connectionTimeoutMillis: connectLimitMs,
      query_timeout: greetingLimitMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: keepAliveMs,
    },
    searchPath: [place.schema],
    // As for SQLite: errors name the statement, never the values.
    compileSqlOnError: false,
    acquireConnectionTimeout: acquireLimitMs,
    pool: { min: 1, max: 1 },
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
