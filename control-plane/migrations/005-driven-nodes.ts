/** Nodes that this control plane dials: where they are, and their secret under the installation's own key. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable("nodes", (table) => {
    // Null for a node that dials in.
    table.string("url", 500).nullable();
    table.text("sealed_secret").nullable();
  });
}
