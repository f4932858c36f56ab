/** A server's life beyond create and delete: the trash, notes, resources of its own, an update under way, favourites. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable("servers", (table) => {
    table.text("notes").notNullable().defaultTo("");
    // In the trash since, until, and what was wanted of it before.
    table.bigInteger("trashed_at").nullable();
    table.bigInteger("purge_at").nullable().index();
    table.string("trashed_want").nullable();
    // Of its own; null: as its template says.
    table.double("cpu").nullable();
    table.bigInteger("memory_bytes").nullable();
    // The version of its template that it was made from, and that it is to take; null: older than versions.
    table.string("game_version").nullable();
    table.string("update_version").nullable();
    // Whether the game that runs was made from the spec, as the agent says; null: none runs, or nobody knows.
    table.boolean("fresh").nullable();
    // What the game that runs may have been made from, while that is not the spec.
    table.text("made_spec").nullable();
    // The newer version of its template that it is to take once nobody plays, and how far that is.
    table.integer("update_gen").nullable();
    table.text("update_spec").nullable();
    table.text("update_state").nullable();
    table.text("update_error").nullable();
  });
  // Each version once, under its hash.
  await knex.schema.createTable("game_versions", (table) => {
    table.string("id").primary();
    table.text("body").notNullable();
    table.bigInteger("created_at").notNullable();
  });
  await knex.schema.createTable("favourites", (table) => {
    table.string("user_id").notNullable();
    table.string("server_id").notNullable().index();
    table.bigInteger("created_at").notNullable();
    table.primary(["user_id", "server_id"]);
  });
}
