/** Servers that were deleted before deleting emptied their rows. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  const removed = knex("servers").whereNotNull("removed_at").select("id");
  await knex("events").where({ subject_kind: "server" }).whereIn("subject_id", removed).delete();
  await knex("servers").whereNotNull("removed_at").update({
    name: "",
    notes: "",
    variables: "{}",
    spec: "{}",
    made_spec: null,
    game_version: null,
    update_spec: null,
    update_variables: null,
    update_error: null,
    detail: "{}",
  });
}
