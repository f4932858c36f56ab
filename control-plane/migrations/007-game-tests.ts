/** Self-tests of games, and which servers were made for one. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("game_tests", (table) => {
    table.string("id").primary();
    table.string("game").notNullable();
    table.string("revision").notNullable();
    table.string("asked_by").notNullable();
    table.string("node_id");
    table.string("server_id");
    table.bigInteger("started_at").notNullable();
    table.bigInteger("ended_at");
    table.string("outcome");
    table.text("sentence").notNullable();
    table.text("image");
    table.text("steps").notNullable();
    table.index(["game", "id"]);
  });
  await knex.schema.alterTable("servers", (table) => {
    table.string("test_id");
  });
}
