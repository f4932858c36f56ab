/** What a server does now, in figures, over HTTP. */
import { idPattern, ServerStats } from "@playspawn/shared";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import { ServerPlayers } from "./players.ts";
import type { Servers } from "./service.ts";
import { Why } from "./why.ts";

export function figureOperations(servers: Pick<Servers, "resource" | "players" | "stats" | "why">): Operation[] {
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
    operation({
      ...common,
      name: "getServerWhy",
      path: "/api/v1/servers/{id}/why",
      summary: "Why it is awake, why it will not sleep, what woke it, how long its wakes take",
      description:
        "Each answer with a line for people, in English, as of now. What nobody knows is null, and said in the line.",
      answer: { status: 200, schema: Why },
      handle: (_context, { params: { id } }) => servers.why(id),
    }),
  ];
}
