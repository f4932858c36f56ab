/** What a server's variables will be once it has taken the update under way. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable("servers", (table) => {
    table.text("update_variables").nullable();
  });
}
