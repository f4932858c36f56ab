/** A database for one stack, on the PostgreSQL that PLAYSPAWN_TEST_DATABASE_URL names. */
import { basename } from "node:path";
import { Client } from "pg";

export interface OwnDatabase {
  /** What the control plane gets. */
  env: Record<string, string>;
  drop(): Promise<void>;
}

/** Without that variable the stack keeps its data in files. */
export async function databaseFor(dataDir: string): Promise<OwnDatabase> {
  const server = process.env["PLAYSPAWN_TEST_DATABASE_URL"];
  if (!server) return { env: {}, drop: async () => {} };
  const name = basename(dataDir).toLowerCase();
  await onServer(server, `CREATE DATABASE "${name}" TEMPLATE template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    env: { DATABASE_URL: url.href },
    drop: () => onServer(server, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

async function onServer(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
