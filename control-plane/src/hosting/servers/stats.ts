/** What a server uses now: asked of its node, never kept. */
import { AppError, type Capabilities, notFound, ServerStats } from "@playspawn/shared";
import type { z } from "zod";
import type { Db } from "../../platform/db/db.ts";
import type { NodeCalls } from "./placing.ts";

const limitMs = 10_000;

interface HomeRow {
  node_id: string;
  node_name: string;
  /** JSON of `Capabilities`. */
  capabilities: string;
}

/** @throws AppError not_found, node_unreachable, or conflict when the node's agent is too old to be asked */
export async function readStats(db: Db, nodes: Pick<NodeCalls, "get">, id: string): Promise<ServerStats> {
  const home = await homeOf(db, id);
  const node = nodes.get(home.node_id);
  const { stats } = JSON.parse(home.capabilities) as z.infer<typeof Capabilities>;
  if (stats !== true)
    throw new AppError("conflict", `The agent of ${home.node_name} is too old to tell what a server uses: update it.`);
  const answer = ServerStats.safeParse(await node.call({ op: "stats", server: id, rates: true }, limitMs));
  if (answer.success) return answer.data;
  throw new AppError("node_unreachable", `What ${home.node_name} says of this server cannot be understood.`, {
    cause: answer.error,
  });
}

async function homeOf(db: Db, id: string): Promise<HomeRow> {
  const row: HomeRow | undefined = await db("servers")
    .join("nodes", "nodes.id", "servers.node_id")
    .where("servers.id", id)
    .whereNull("servers.removed_at")
    .first("servers.node_id", "nodes.name as node_name", "nodes.capabilities");
  if (!row) throw notFound("server", id);
  return row;
}
