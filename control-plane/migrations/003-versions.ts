/** What orders views of one server, whatever clocks do; and indexes that let events and usage windows be counted apart. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  for (const name of ["servers", "nodes"])
    await knex.schema.alterTable(name, (table) => {
      // Grows with every write of the row.
      table.integer("version").notNullable().defaultTo(0);
    });
  await knex.raw("CREATE INDEX events_of_usage ON events (subject_kind, seq) WHERE subject_kind = 'server_usage'");
  await knex.raw("CREATE INDEX events_but_usage ON events (seq, subject_kind) WHERE subject_kind <> 'server_usage'");
}
