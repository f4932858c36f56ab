/** What a server does now, in figures, over HTTP. */
import { idPattern, ServerStats } from "@playspawn/shared";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import { ServerPlayers } from "./players.ts";
import type { Servers } from "./service.ts";

export function figureOperations(servers: Pick<Servers, "resource" | "players" | "stats">): Operation[] {
  const common = {
    method: "get",
    tag: "servers",
    auth: "user",
    permission: "servers:read",
    resource: ({ id }: { id: string }) => servers.resource(id),
    params: z.strictObject({ id: z.string().regex(idPattern("srv")) }),
  } as const;
  return [
    operation({
      ...common,
      name: "getServerPlayers",
      path: "/api/v1/servers/{id}/players",
      summary: "Who plays on a server",
      answer: { status: 200, schema: ServerPlayers },
      handle: (_context, { params: { id } }) => servers.players(id),
    }),
    operation({
      ...common,
      name: "getServerStats",
      path: "/api/v1/servers/{id}/stats",
      summary: "What a server uses now",
      answer: { status: 200, schema: ServerStats },
      handle: (_context, { params: { id } }) => servers.stats(id),
    }),
  ];
}
