/** The ground everything stands on: the installation, people and their sessions, the set-up link, kept answers, events. */
import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("meta", (table) => {
    table.string("key").primary();
    table.text("value").notNullable();
  });
  await createPeople(knex);
  await knex.schema.createTable("idempotency", (table) => {
    table.string("actor_id").notNullable();
    table.string("operation").notNullable();
    table.string("key").notNullable();
    table.string("request_hash").notNullable();
    table.text("answer").notNullable();
    table.bigInteger("created_at").notNullable().index();
    table.primary(["actor_id", "operation", "key"]);
  });
  await knex.schema.createTable("events", (table) => {
    table.increments("seq");
    table.string("id").notNullable().unique();
    table.bigInteger("at").notNullable();
    table.string("owner_id").nullable();
    table.string("subject_kind").notNullable();
    table.string("subject_id").notNullable();
    table.string("kind").notNullable();
    table.text("cause").nullable();
    table.text("data").notNullable();
    table.index(["subject_kind", "subject_id", "seq"]);
  });
}

async function createPeople(knex: Knex): Promise<void> {
  await knex.schema.createTable("teams", (table) => {
    table.string("id").primary();
    table.string("name").notNullable();
    table.bigInteger("created_at").notNullable();
  });
  await knex.schema.createTable("users", (table) => {
    table.string("id").primary();
    table.string("email").notNullable().unique();
    table.string("role").notNullable();
    // Every row of the product belongs to a team; a user's own things belong to this one.
    table.string("team_id").notNullable().references("id").inTable("teams");
    table.string("password_hash").nullable();
    table.bigInteger("created_at").notNullable();
  });
  await knex.schema.createTable("sessions", (table) => {
    table.string("id").primary();
    table.string("token_hash").notNullable().unique();
    table.string("user_id").notNullable().index().references("id").inTable("users").onDelete("CASCADE");
    table.string("kind").notNullable();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("seen_at").notNullable();
    table.bigInteger("expires_at").notNullable().index();
  });
  await knex.schema.createTable("setup", (table) => {
    table.integer("id").primary();
    table.string("token_hash").notNullable();
    table.integer("tries_left").notNullable();
    table.bigInteger("expires_at").notNullable();
  });
}
