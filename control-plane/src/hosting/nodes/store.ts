/** Rows of nodes, their boots, their event logs and join tokens. */
import type { SessionState } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";

export interface NodeRow {
  id: string;
  owner_id: string;
  name: string;
  secret_hash: string;
  next_secret_hash: string | null;
  created_at: number;
  revoked_at: number | null;
  epoch: number;
  rev: number;
  session: SessionState;
  last_seen_at: number | null;
  quarantined_at: number | null;
  adopt_rev: number | null;
  machine: string | null;
  boot: string | null;
  /** JSON of `Capacity`. */
  capacity: string | null;
  /** JSON of `Capabilities`. */
  capabilities: string;
  /** Of a node that this control plane dials; null for one that dials in. */
  url: string | null;
  /** Its secret in the secret box, for such a node. */
  sealed_secret: string | null;
  /** Grows with every write of the row. */
  version: number;
}

export interface JoinTokenRow {
  id: string;
  owner_id: string;
  token_hash: string;
  local: boolean | number;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  node_id: string | null;
}

/** Boots older than these are forgotten: a machine does not come back from a hundred reboots ago. */
const bootsKept = 100;

const nodes = (db: Db) => db<NodeRow>("nodes");

export const insertNode = async (
  db: Db,
  row: Pick<NodeRow, "id" | "owner_id" | "name" | "secret_hash" | "created_at"> &
    Partial<Pick<NodeRow, "url" | "sealed_secret">>,
): Promise<void> => void (await nodes(db).insert(row));

export const findNode = async (db: Db, id: string): Promise<NodeRow | undefined> => nodes(db).where({ id }).first();

/** Nodes that this control plane dials. */
export const listDriven = async (db: Db): Promise<NodeRow[]> =>
  nodes(db).whereNull("revoked_at").whereNotNull("url").orderBy("id");

/** Revoked ones whose agents were not told yet. */
export const listParting = async (db: Db): Promise<NodeRow[]> =>
  nodes(db).whereNotNull("revoked_at").whereNotNull("sealed_secret").orderBy("id");

export const updateNode = async (db: Db, id: string, change: Partial<Omit<NodeRow, "id" | "version">>): Promise<void> =>
  void (await db("nodes")
    .where({ id })
    .update({ ...change, version: db.raw("version + 1") }));

/** Sorted by id, without the revoked. */
export async function listNodes(db: Db, after: string | undefined, limit: number): Promise<NodeRow[]> {
  const query = nodes(db).whereNull("revoked_at").orderBy("id").limit(limit);
  return await (after === undefined ? query : query.where("id", ">", after));
}

/** Every node whose session may have changed by the mere passing of time. */
export const listLiveNodes = async (db: Db): Promise<NodeRow[]> =>
  nodes(db).whereNull("revoked_at").whereIn("session", ["connected", "suspect"]);

/** Makes the next revision of a node, at least `least`, and answers it. */
export async function bumpRev(db: Db, id: string, least = 1): Promise<number> {
  const row = await nodes(db).where({ id }).first("rev");
  const rev = Math.max((row?.rev ?? 0) + 1, least);
  await nodes(db).where({ id }).update({ rev });
  return rev;
}

export const hasBoot = async (db: Db, node: string, boot: string): Promise<boolean> =>
  (await db("node_boots").where({ node_id: node, boot }).first()) !== undefined;

export async function rememberBoot(db: Db, node: string, boot: string, now: number): Promise<void> {
  await db("node_boots").insert({ node_id: node, boot, first_seen_at: now }).onConflict(["node_id", "boot"]).ignore();
  const old = db("node_boots").where({ node_id: node }).orderBy("first_seen_at", "desc").offset(bootsKept).limit(100);
  const boots = (await old.select("boot")) as { boot: string }[];
  if (boots.length > 0)
    await db("node_boots")
      .where({ node_id: node })
      .whereIn(
        "boot",
        boots.map((row) => row.boot),
      )
      .delete();
}

export const forgetBoots = async (db: Db, node: string): Promise<void> =>
  void (await db("node_boots").where({ node_id: node }).delete());

/** Number of the newest event of this log that is stored; 0 for a log that was never seen. */
export async function logPosition(db: Db, node: string, log: string): Promise<number> {
  const row = (await db("node_logs").where({ node_id: node, log_id: log }).first("acked")) as
    | { acked: number }
    | undefined;
  return row?.acked ?? 0;
}

/** An agent has one log, and a new one where it lost its files; more are a program gone wild. */
const logsKept = 20;

export async function setLogPosition(db: Db, node: string, log: string, acked: number, now: number): Promise<void> {
  await db("node_logs")
    .insert({ node_id: node, log_id: log, acked, updated_at: now })
    .onConflict(["node_id", "log_id"])
    .merge(["acked", "updated_at"]);
  const newest = db("node_logs")
    .where({ node_id: node })
    .orderBy([{ column: "updated_at", order: "desc" }, "log_id"]);
  const old: string[] = await newest.offset(logsKept).limit(100).pluck("log_id");
  if (old.length > 0) await db("node_logs").where({ node_id: node }).whereIn("log_id", old).delete();
}

/** Logs of agents that were replaced long ago. */
export const dropOldLogs = async (db: Db, before: number): Promise<void> =>
  void (await db("node_logs").where("updated_at", "<", before).delete());

const tokens = (db: Db) => db<JoinTokenRow>("join_tokens");

export const insertToken = async (db: Db, row: JoinTokenRow): Promise<void> => void (await tokens(db).insert(row));

export const findToken = async (db: Db, hash: string): Promise<JoinTokenRow | undefined> =>
  tokens(db).where({ token_hash: hash }).first();

/** @returns false when somebody else was faster */
export const useToken = async (db: Db, id: string, node: string, now: number): Promise<boolean> =>
  (await tokens(db).where({ id }).whereNull("used_at").update({ used_at: now, node_id: node })) === 1;

export const dropUnusedLocalTokens = async (db: Db): Promise<void> =>
  void (await tokens(db).where({ local: true }).whereNull("used_at").delete());

export const findUnusedLocalToken = async (db: Db): Promise<JoinTokenRow | undefined> =>
  tokens(db).where({ local: true }).whereNull("used_at").orderBy("expires_at", "desc").first();

/** Nodes that joined with a token made for this machine. */
export const listLocalNodes = async (db: Db): Promise<NodeRow[]> =>
  nodes(db)
    .whereNull("revoked_at")
    .whereIn("id", tokens(db).where({ local: true }).whereNotNull("node_id").select("node_id"));

export const dropOldTokens = async (db: Db, before: number): Promise<void> =>
  void (await tokens(db).whereNull("used_at").where("expires_at", "<", before).delete());
