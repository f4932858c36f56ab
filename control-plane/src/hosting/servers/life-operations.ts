/** A server's life beyond create and delete, over HTTP: restore, transfer, favourites, updates. */
import { idPattern, Server } from "@playspawn/shared";
import { z } from "zod";
import type { UserActor } from "../../platform/http/authorize.ts";
import { operation, type Operation } from "../../platform/http/operation.ts";
import { Favourites, Transfer, UpdatedServers } from "./schema.ts";
import type { Servers } from "./service.ts";

const params = z.strictObject({ id: z.string().regex(idPattern("srv")) });
const tag = "servers";
/** Admins see everybody's. */
const ownerOf = ({ role, teamId }: UserActor): string | null => (role === "admin" ? null : teamId);

export const lifeOperations = (servers: Servers): Operation[] => [
  ...owning(servers),
  ...starring(servers),
  ...updating(servers),
];

function owning(servers: Servers): Operation[] {
  const common = { method: "post", tag, auth: "user", params, answer: { status: 200, schema: Server } } as const;
  const resource = ({ id }: { id: string }) => servers.resource(id);
  return [
    operation({
      ...common,
      resource,
      name: "restoreServer",
      path: "/api/v1/servers/{id}/restore",
      summary: "Bring a server back from the trash",
      description: "With the ports it had where they are still free; its event `restored` names those that changed.",
      permission: "servers:delete",
      handle: ({ actor }, { params: { id } }) => servers.restore(actor, id),
    }),
    operation({
      ...common,
      resource,
      name: "transferServer",
      path: "/api/v1/servers/{id}/transfer",
      summary: "Give a server to another account",
      description: "At once, without asking its new owner. Says so where nobody has the address; 60 tries a minute.",
      // Who may try any number of addresses learns who has an account.
      rate: "login",
      permission: "servers:transfer",
      body: Transfer,
      handle: ({ actor }, { params: { id }, body }) => servers.transfer(actor, id, body.email),
    }),
  ];
}

function starring(servers: Servers): Operation[] {
  const common = { tag, auth: "user", permission: "servers:read", params } as const;
  const resource = ({ id }: { id: string }) => servers.resource(id);
  const path = "/api/v1/servers/{id}/favourite";
  return [
    operation({
      ...common,
      resource,
      path,
      name: "addFavourite",
      method: "put",
      summary: "Star a server",
      answer: { status: 204, schema: null },
      handle: ({ actor }, { params: { id } }) => servers.setFavourite(actor, id, true),
    }),
    operation({
      ...common,
      resource,
      path,
      name: "removeFavourite",
      method: "delete",
      summary: "Take the star away",
      answer: { status: 204, schema: null },
      handle: ({ actor }, { params: { id } }) => servers.setFavourite(actor, id, false),
    }),
    operation({
      name: "listFavourites",
      method: "get",
      path: "/api/v1/me/favourites",
      tag,
      summary: "The servers you have starred",
      auth: "user",
      permission: "servers:list",
      answer: { status: 200, schema: Favourites },
      handle: async ({ actor }) => ({ items: await servers.favourites(actor, ownerOf(actor)) }),
    }),
  ];
}

function updating({ updates, resource: find }: Servers): Operation[] {
  const path = "/api/v1/servers/{id}/update";
  const common = { tag, auth: "user", permission: "servers:write" } as const;
  const resource = ({ id }: { id: string }) => find(id);
  return [
    operation({
      ...common,
      resource,
      params,
      path,
      name: "updateServerVersion",
      method: "post",
      summary: "Take the newer version of its template once nobody plays",
      answer: { status: 202, schema: Server },
      handle: ({ actor }, { params: { id } }) => updates.start(actor, id),
    }),
    operation({
      ...common,
      resource,
      params,
      path,
      name: "cancelServerUpdate",
      method: "delete",
      summary: "Stay with the present version, or take note of an update that was taken back",
      answer: { status: 200, schema: Server },
      handle: ({ actor }, { params: { id } }) => updates.cancel(actor, id),
    }),
    operation({
      name: "updateServersOfGame",
      method: "post",
      path: "/api/v1/games/{id}/update-servers",
      tag: "games",
      summary: "Update all your servers of a game",
      auth: "user",
      permission: "servers:list",
      params: z.strictObject({ id: z.string().min(1).max(60) }),
      answer: { status: 202, schema: UpdatedServers },
      handle: ({ actor }, { params: { id } }) => updates.startAll(actor, id, ownerOf(actor)),
    }),
  ];
}
