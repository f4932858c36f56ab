/** The databases of an installation, looked at without its control plane: files of SQLite, or a PostgreSQL. */
import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { driverUrl, serverOf } from "@playspawn/control-plane/platform/db/place.ts";
import { connectFault } from "@playspawn/control-plane/platform/db/postgres-errors.ts";
import { messageOf } from "@playspawn/shared";
import { Client } from "pg";
import type { Facts, Lease, Records, ServerRow } from "./facts.ts";

export interface Databases {
  check(): Promise<Facts["databases"]>;
  /** What is desired of this node. @throws Error whose message is a sentence */
  records(node: string): Promise<Records>;
}

const serversSql =
  "select id, name, want, have, tier, since, removed_at is not null as removed from servers where node_id = $1";
const leasesSql = "select server_id as server, protocol, port from port_leases where node_id = $1";
const serverLimitMs = 10_000;

export function databasesOf(dataDir: string, databaseUrl: string | undefined): Databases {
  if (databaseUrl !== undefined) return onServer(databaseUrl);
  const home = `${dataDir}/control-plane/database`;
  if (!existsSync(home)) return inFiles(dataDir);
  const server = readFileSync(home, "utf8").trim();
  const fault = `This installation keeps its data in ${server}. Set DATABASE_URL to it, as for the control plane`;
  return {
    check: async () => [{ file: server, faults: [fault] }],
    records: () => Promise.reject(new Error(fault)),
  };
}

function inFiles(dataDir: string): Databases {
  const files = ["core.db", "telemetry.db"].map((name) => `${dataDir}/control-plane/${name}`);
  return {
    check: async () => files.map((file) => ({ file, faults: integrityFaults(file) })),
    async records(node) {
      try {
        return readFile(files[0]!, node);
      } catch (error) {
        throw new Error(`${files[0]} could not be read: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}

interface Row extends Omit<ServerRow, "removed"> {
  removed: number | boolean;
}

const recordsOf = (servers: readonly Row[], leases: Lease[]): Records => ({
  // PostgreSQL gives whole numbers of 64 bits as text.
  servers: servers.map((row) => ({ ...row, since: Number(row.since), removed: Boolean(row.removed) })),
  leases: leases.map((lease) => ({ ...lease, port: Number(lease.port) })),
});

function readFile(file: string, node: string): Records {
  const core = new DatabaseSync(file, { readOnly: true });
  const ask = (sql: string): unknown => core.prepare(sql.replace("$1", "?")).all(node);
  try {
    return recordsOf(ask(serversSql) as Row[], ask(leasesSql) as Lease[]);
  } finally {
    core.close();
  }
}

function integrityFaults(file: string): string[] {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const words = database.prepare("pragma integrity_check").all() as { integrity_check: string }[];
    const strays = database.prepare("pragma foreign_key_check").all() as { table: string }[];
    return [
      ...words.map((row) => row.integrity_check).filter((word) => word !== "ok"),
      ...strays.map(({ table }) => `a row of ${table} refers to one that is not there`),
    ];
  } catch (error) {
    return [`${messageOf(error)}. Restore it from a backup.`];
  } finally {
    database?.close();
  }
}

/** The server keeps its own files in order and its references whole; what can be seen from here is whether it answers. */
function onServer(url: string): Databases {
  const file = serverOf(url);
  return {
    async check() {
      try {
        await ask(url, async (client) => {
          await client.query("select name from public.migrations");
          await client.query("select name from telemetry.migrations");
        });
        return [{ file, faults: [] }];
      } catch (error) {
        return [{ file, faults: [messageOf(error)] }];
      }
    },
    records: (node) =>
      ask(url, async (client) => {
        const servers = await client.query<Row>(serversSql, [node]);
        const leases = await client.query<Lease>(leasesSql, [node]);
        return recordsOf(servers.rows, leases.rows);
      }),
  };
}

async function ask<T>(url: string, look: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: driverUrl(url),
    connectionTimeoutMillis: serverLimitMs,
    query_timeout: serverLimitMs,
    options: "-c search_path=public -c default_transaction_read_only=on",
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return await look(client);
  } catch (error) {
    throw connectFault(error, url);
  } finally {
    void client.end().catch(() => {});
  }
}
