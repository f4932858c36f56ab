/** Who plays on a server, as its node last said. */
import { notFound } from "@playspawn/shared";
import { z } from "zod";
import type { Db } from "../../platform/db/db.ts";
import type { Publisher } from "./publisher.ts";
import { findView } from "./store.ts";

export const ServerPlayers = z
  .strictObject({
    online: z.number().int().nullable().describe("null while it sleeps, or nobody can tell."),
    max: z.number().int().nullable(),
    names: z.array(z.string()).nullable().describe("null where the game does not tell them. They may be fewer."),
    asOf: z.number().int().nullable().describe("When its node last spoke, UTC milliseconds; null without figures."),
  })
  .meta({ id: "ServerPlayers" });
export type ServerPlayers = z.infer<typeof ServerPlayers>;

const nothing: ServerPlayers = { online: null, max: null, names: null, asOf: null };

/** @throws AppError not_found */
export async function readPlayers(db: Db, publisher: Pick<Publisher, "present">, id: string): Promise<ServerPlayers> {
  const view = await findView(db, id);
  if (!view) throw notFound("server", id);
  const { have, players } = publisher.present(view);
  // What a node counted before it put the game to sleep is no longer so.
  const awake = have === "ready" || have === "draining";
  if (!awake || players === null) return nothing;
  return { online: players.online, max: players.max, names: players.names ?? null, asOf: view.node_last_seen_at };
}
