/** One token per server that wakes it and can do nothing else, for webhooks. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("wake_tokens", (table) => {
    table.string("server_id").primary().references("id").inTable("servers").onDelete("CASCADE");
    table.string("token_hash").notNullable();
    table.bigInteger("created_at").notNullable();
  });
}
