/** What nodes say of themselves with each heartbeat. May be lost: it lives in telemetry.db. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("node_samples", (table) => {
    table.string("node_id").notNullable();
    table.bigInteger("at").notNullable();
    table.double("load").notNullable();
    table.bigInteger("memory_free_bytes").notNullable();
    table.bigInteger("disk_free_bytes").notNullable();
    table.primary(["node_id", "at"]);
  });
}
