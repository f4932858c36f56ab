/** Nodes with their secrets and revisions, game servers with what is wanted and what is, and the ports they hold. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await createNodes(knex);
  await createServers(knex);
}

async function createNodes(knex: Knex): Promise<void> {
  await knex.schema.createTable("nodes", (table) => {
    table.string("id").primary();
    table.string("owner_id").notNullable();
    table.string("name").notNullable();
    table.string("secret_hash").notNullable();
    // The second generation while rotating: its first use makes it the only one.
    table.string("next_secret_hash").nullable();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("revoked_at").nullable();
    // Grows with every connection; frames of an older one are worth nothing.
    table.integer("epoch").notNullable().defaultTo(0);
    // Grows with every change of any desired server of this node.
    table.integer("rev").notNullable().defaultTo(0);
    table.string("session").notNullable().defaultTo("never");
    table.bigInteger("last_seen_at").nullable();
    table.bigInteger("quarantined_at").nullable();
    // Set while the node has seen a newer revision than this database: the newest that it has seen.
    table.integer("adopt_rev").nullable();
    table.string("machine").nullable();
    table.string("boot").nullable();
    table.text("capacity").nullable();
    table.text("capabilities").notNullable().defaultTo("{}");
  });
  await knex.schema.createTable("node_boots", (table) => {
    table.string("node_id").notNullable().references("id").inTable("nodes");
    table.string("boot").notNullable();
    table.bigInteger("first_seen_at").notNullable();
    table.primary(["node_id", "boot"]);
  });
  await knex.schema.createTable("node_logs", (table) => {
    table.string("node_id").notNullable().references("id").inTable("nodes");
    table.string("log_id").notNullable();
    table.integer("acked").notNullable();
    table.bigInteger("updated_at").notNullable();
    table.primary(["node_id", "log_id"]);
  });
  await knex.schema.createTable("join_tokens", (table) => {
    table.string("id").primary();
    table.string("owner_id").notNullable();
    table.string("token_hash").notNullable().unique();
    table.boolean("local").notNullable().defaultTo(false);
    table.bigInteger("created_at").notNullable();
    table.bigInteger("expires_at").notNullable();
    table.bigInteger("used_at").nullable();
    table.string("node_id").nullable();
  });
}

async function createServers(knex: Knex): Promise<void> {
  await knex.schema.createTable("servers", (table) => {
    table.string("id").primary();
    table.string("owner_id").notNullable();
    table.string("node_id").notNullable().references("id").inTable("nodes");
    table.string("name").notNullable();
    table.string("game").notNullable();
    table.text("variables").notNullable();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("updated_at").notNullable();
    // Desired: written by the control plane only.
    table.integer("gen").notNullable();
    // The node's revision at which this record changed last: what a push has to carry.
    table.integer("rev").notNullable();
    table.string("want").notNullable();
    table.text("kick").nullable();
    table.integer("idle_seconds").nullable();
    table.string("on_disconnect").notNullable();
    table.boolean("purge").notNullable().defaultTo(false);
    table.text("spec").notNullable();
    table.bigInteger("removed_at").nullable();
    // Actual: written from the node's reports only; (epoch, seq) says which report was the newest.
    table.string("have").notNullable().defaultTo("absent");
    table.string("tier").nullable();
    table.text("cause").nullable();
    table.bigInteger("since").notNullable();
    table.text("players").nullable();
    table.text("detail").notNullable().defaultTo("{}");
    table.integer("reported_gen").notNullable().defaultTo(0);
    table.integer("status_epoch").notNullable().defaultTo(0);
    table.integer("status_seq").notNullable().defaultTo(0);
    table.index(["node_id", "rev"]);
    table.index(["owner_id", "id"]);
  });
  await knex.schema.createTable("port_leases", (table) => {
    table.string("node_id").notNullable().references("id").inTable("nodes");
    table.string("protocol").notNullable();
    table.integer("port").notNullable();
    table.string("server_id").notNullable().references("id").inTable("servers");
    table.string("name").notNullable();
    // Invariant I4: one live server per address, port and protocol.
    table.primary(["node_id", "protocol", "port"]);
    table.index(["server_id"]);
  });
}
