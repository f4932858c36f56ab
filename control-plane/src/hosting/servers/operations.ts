/** Game servers over HTTP. */
import { Readable } from "node:stream";
import { idPattern, Server, ServerEvent } from "@playspawn/shared";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import { PageQuery, pageSchema } from "../../platform/http/page.ts";
import { figureOperations } from "./figure-operations.ts";
import { lifeOperations } from "./life-operations.ts";
import { CreateServer, DeleteQuery, Hibernate, ListQuery, LogsQuery, UpdateServer } from "./schema.ts";
import type { Servers } from "./service.ts";

const params = z.strictObject({ id: z.string().regex(idPattern("srv")) });
const tag = "servers";

export const serverOperations = (servers: Servers): Operation[] => [
  ...collection(servers),
  ...single(servers),
  ...figureOperations(servers),
  ...kicks(servers),
  ...streams(servers),
  ...lifeOperations(servers),
];

function collection(servers: Servers): Operation[] {
  return [
    operation({
      name: "createServer",
      method: "post",
      path: "/api/v1/servers",
      tag,
      summary: "Create a game server",
      description: "It is deployed at once, proves that it starts, and sleeps when nobody plays.",
      auth: "user",
      permission: "servers:create",
      idempotent: true,
      body: CreateServer,
      answer: { status: 201, schema: Server },
      handle: (context, { body }) => servers.create(context.actor, body, (work) => context.once(work)),
    }),
    operation({
      name: "listServers",
      method: "get",
      path: "/api/v1/servers",
      tag,
      summary: "Your game servers, newest first",
      auth: "user",
      permission: "servers:list",
      query: ListQuery,
      answer: { status: 200, schema: pageSchema(Server) },
      handle: ({ actor }, { query }) => servers.list(actor.role === "admin" ? null : actor.teamId, query),
    }),
  ];
}

function single(servers: Servers): Operation[] {
  const resource = ({ id }: { id: string }) => servers.resource(id);
  return [
    operation({
      name: "getServer",
      method: "get",
      path: "/api/v1/servers/{id}",
      tag,
      summary: "One game server",
      auth: "user",
      permission: "servers:read",
      resource,
      params,
      answer: { status: 200, schema: Server },
      handle: (_context, { params: { id } }) => servers.read(id),
    }),
    operation({
      name: "updateServer",
      method: "patch",
      path: "/api/v1/servers/{id}",
      tag,
      summary: "Change a game server",
      description:
        "New variables and resources reach a running game at its next start; until then `pending` names them.",
      auth: "user",
      permission: "servers:write",
      resource,
      params,
      body: UpdateServer,
      answer: { status: 200, schema: Server },
      handle: ({ actor }, { params: { id }, body }) => servers.update(actor, id, body),
    }),
    operation({
      name: "deleteServer",
      method: "delete",
      path: "/api/v1/servers/{id}",
      tag,
      summary: "Move a game server to the trash",
      description:
        "It is saved and stopped, its ports are free at once, its files wait until `purgeAt`. With `purge` it is deleted for good, also when it is in the trash already. Asked for again, nothing more happens.",
      auth: "user",
      permission: "servers:delete",
      resource,
      params,
      query: DeleteQuery,
      answer: { status: 202, schema: Server },
      handle: ({ actor }, { params: { id }, query }) => servers.remove(actor, id, query.purge),
    }),
  ];
}

function kicks(servers: Servers): Operation[] {
  const common = {
    method: "post",
    tag,
    auth: "user",
    permission: "servers:write",
    resource: ({ id }: { id: string }) => servers.resource(id),
    params,
    answer: { status: 202, schema: Server },
  } as const;
  return [
    operation({
      ...common,
      name: "wakeServer",
      path: "/api/v1/servers/{id}/wake",
      summary: "Wake a sleeping server",
      handle: ({ actor }, { params: { id } }) => servers.kick(actor, id, "wake"),
    }),
    operation({
      ...common,
      name: "hibernateServer",
      path: "/api/v1/servers/{id}/hibernate",
      summary: "Save a server and let it sleep",
      body: Hibernate,
      handle: ({ actor }, { params: { id }, body }) => servers.kick(actor, id, "hibernate", body.tier),
    }),
    operation({
      ...common,
      name: "restartServer",
      path: "/api/v1/servers/{id}/restart",
      summary: "Save a server, stop it and start it",
      handle: ({ actor }, { params: { id } }) => servers.kick(actor, id, "restart"),
    }),
  ];
}

/** An answer must begin soon, also when nothing was written to the log yet. */
function streams(servers: Servers): Operation[] {
  const common = {
    method: "get",
    tag,
    auth: "user",
    permission: "servers:read",
    resource: ({ id }: { id: string }) => servers.resource(id),
    params,
  } as const;
  return [
    operation({
      ...common,
      name: "getServerLogs",
      path: "/api/v1/servers/{id}/logs",
      summary: "What the game wrote; with follow, as it writes",
      query: LogsQuery,
      answer: { status: 200, raw: "text/plain; charset=utf-8" },
      async handle({ actor, signal }, { params: { id }, query }) {
        const text = await servers.logs(actor, id, query, signal);
        const body = query.follow ? text : await primed(text);
        // One chunk at a time: what the client has not read stays with the agent.
        const stream = Readable.from(body, { objectMode: false, highWaterMark: 64 * 1024 });
        return { contentType: "text/plain; charset=utf-8", body: stream, headers: { "Cache-Control": "no-store" } };
      },
    }),
    operation({
      ...common,
      name: "listServerEvents",
      path: "/api/v1/servers/{id}/events",
      summary: "What happened to a server, newest first",
      query: PageQuery,
      answer: { status: 200, schema: pageSchema(ServerEvent) },
      handle: (_context, { params: { id }, query }) => servers.events(id, query),
    }),
  ];
}

/** Waits for the first text, so that an agent's refusal is still an answer of its own and not a broken stream. */
async function primed(text: AsyncGenerator<string>): Promise<AsyncGenerator<string>> {
  const first = await text.next();
  return (async function* () {
    if (!first.done) yield first.value;
    if (!first.done) yield* text;
  })();
}
