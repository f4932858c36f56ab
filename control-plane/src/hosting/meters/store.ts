/** What is read for the metrics. */
import type { Have } from "@playspawn/shared";
import type { Db } from "../../platform/db/db.ts";

export interface ServerCount {
  game: string;
  state: Have;
  servers: number;
}

export interface PlayersRow {
  id: string;
  /** JSON of `Players`. */
  players: string;
}

export interface NodeFigures {
  id: string;
  session: string;
  /** JSON of `Capacity`, or null. */
  capacity: string | null;
}

/** Servers whose node is away for long are of state `unknown`, as everywhere. */
export async function countServers(db: Db): Promise<ServerCount[]> {
  const rows = (await db("servers")
    .join("nodes", "nodes.id", "servers.node_id")
    .whereNull("servers.removed_at")
    .groupBy("servers.game", "servers.have", "nodes.session", "nodes.revoked_at")
    .select("servers.game", "servers.have", "nodes.session", "nodes.revoked_at")
    .count({ servers: "*" })) as {
    game: string;
    have: Have;
    session: string;
    revoked_at: number | null;
    servers: number;
  }[];
  return rows.map(({ game, have, session, revoked_at, servers }) => ({
    game,
    state: session === "unreachable" || revoked_at !== null ? "unknown" : have,
    servers: Number(servers),
  }));
}

/** Of servers that their node says something about. */
export const listPlayers = async (db: Db): Promise<PlayersRow[]> =>
  await db("servers")
    .join("nodes", "nodes.id", "servers.node_id")
    .whereNull("servers.removed_at")
    .whereNull("nodes.revoked_at")
    .whereNot("nodes.session", "unreachable")
    .whereNotNull("servers.players")
    .select<PlayersRow[]>("servers.id", "servers.players");

export const listNodeFigures = async (db: Db): Promise<NodeFigures[]> =>
  await db("nodes").whereNull("revoked_at").select<NodeFigures[]>("id", "session", "capacity");

/** Free memory in bytes of nodes that said it after `since`, newest word. */
export async function freeMemory(telemetry: Db, since: number): Promise<Map<string, number>> {
  const rows = (await telemetry("node_samples")
    .where("at", ">=", since)
    .orderBy("at")
    .select("node_id", "memory_free_bytes")) as { node_id: string; memory_free_bytes: number }[];
  return new Map(rows.map((row) => [row.node_id, Number(row.memory_free_bytes)]));
}

/** Of which game each of these is, and whether it is gone: events may arrive late. */
export async function aboutServers(
  db: Db,
  ids: readonly string[],
): Promise<Map<string, { game: string; gone: boolean }>> {
  const rows = (await db("servers").whereIn("id", ids).select("id", "game", "removed_at")) as {
    id: string;
    game: string;
    removed_at: number | null;
  }[];
  return new Map(rows.map(({ id, game, removed_at: at }) => [id, { game, gone: at !== null }]));
}

/** The step of a server's wakes that came before the event `seq`: whether that event ended one. */
export async function stepBefore(db: Db, server: string, seq: number): Promise<{ kind: string; cause: string | null }> {
  const row = (await db("events")
    .where({ subject_kind: "server", subject_id: server })
    .whereIn("kind", ["wake", "ready", "adopted", "failed", "crash", "sleep", "exit"])
    .where("seq", "<", seq)
    .orderBy("seq", "desc")
    .first("kind", "cause")) as { kind: string; cause: string | null } | undefined;
  return row ?? { kind: "none", cause: null };
}
