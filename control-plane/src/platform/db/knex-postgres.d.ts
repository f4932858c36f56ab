/** knex ships no types of its dialects: what ours takes from that of PostgreSQL. */
declare module "knex/lib/dialects/postgres/index.js" {
  import type { Knex } from "knex";
  import type { Client } from "pg";

  export default class PostgresDialect extends Knex.Client {
    acquireConnection(): Promise<Client>;
    _query(connection: Client, query: object): Promise<object>;
    destroyRawConnection(connection: Client): Promise<void>;
    columnCompiler(table: unknown, column: unknown): object;
  }
}
