/** Who may wake a server: JSON of `WakeAllow`, null for everyone. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable("servers", (table) => {
    table.text("wake_allow").nullable();
  });
}
