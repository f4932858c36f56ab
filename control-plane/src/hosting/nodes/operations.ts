/** Nodes: for admins, and for a machine that joins. */
import { idPattern, Node } from "@playspawn/shared";
import { refuseOpenLine } from "@playspawn/shared/node/secret-route.ts";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import { PageQuery, pageSchema } from "../../platform/http/page.ts";
import type { DrivenNodes } from "./driven.ts";
import { AddNode, Adopt, Join, Joined, JoinToken, NodeEvent, RotatedSecret } from "./schema.ts";
import type { Nodes } from "./service.ts";

const params = z.strictObject({ id: z.string().regex(idPattern("node")) });

export interface NodeOperationsDeps {
  nodes: Nodes;
  driven: Pick<DrivenNodes, "add">;
  /** Its port is known once it listens. */
  publicUrl: URL;
}

export function nodeOperations({ nodes, driven, publicUrl }: NodeOperationsDeps): Operation[] {
  return [
    operation({
      name: "listNodes",
      method: "get",
      path: "/api/v1/nodes",
      tag: "nodes",
      summary: "The machines that run servers",
      auth: "user",
      permission: "nodes:read",
      query: PageQuery,
      answer: { status: 200, schema: pageSchema(Node) },
      handle: (_context, { query }) => nodes.list(query),
    }),
    operation({
      name: "listNodeEvents",
      method: "get",
      path: "/api/v1/nodes/{id}/events",
      tag: "nodes",
      summary: "What happened to a node, newest first",
      auth: "user",
      permission: "nodes:read",
      params,
      query: PageQuery,
      answer: { status: 200, schema: pageSchema(NodeEvent) },
      handle: (_context, { params: { id }, query }) => nodes.events(id, query),
    }),
    operation({
      name: "createJoinToken",
      method: "post",
      path: "/api/v1/nodes/join-tokens",
      tag: "nodes",
      summary: "A token that lets one machine join",
      description: "It works once and for 15 minutes. It is shown here only.",
      auth: "user",
      permission: "nodes:write",
      // The answer is kept for repeated requests as it is, token and all: what it says is worth nothing 15 minutes later.
      idempotent: true,
      answer: { status: 201, schema: JoinToken },
      handle: ({ actor, once }) =>
        once(async (tx) => ({
          ...(await nodes.createJoinToken(tx, actor.teamId)),
          controlUrl: publicUrl.origin,
        })),
    }),
    operation({
      name: "joinNode",
      method: "post",
      path: "/api/v1/nodes/join",
      tag: "nodes",
      summary: "Exchange a join token for the node's own secret",
      auth: "public",
      beforeSetup: true,
      rate: "join",
      body: Join,
      answer: { status: 201, schema: Joined },
      handle: async (line, { body }) => {
        refuseOpenLine(line);
        return await nodes.join(body);
      },
    }),
    addOperation(driven),
    ...changes(nodes),
  ];
}

const addOperation = (driven: Pick<DrivenNodes, "add">): Operation =>
  operation({
    name: "addNode",
    method: "post",
    path: "/api/v1/nodes",
    tag: "nodes",
    summary: "Add a node that this control plane dials",
    description:
      "For an agent that was started with PLAYSPAWN_NODE_SECRET and joins nobody. Asked for again with the same address, the node gets that name and secret.",
    auth: "user",
    permission: "nodes:write",
    body: AddNode,
    answer: { status: 201, schema: Node },
    handle: ({ actor }, { body }) => driven.add(actor.teamId, body),
  });

function changes(nodes: Nodes): Operation[] {
  return [
    operation({
      name: "rotateNodeSecret",
      method: "post",
      path: "/api/v1/nodes/{id}/rotate-secret",
      tag: "nodes",
      summary: "Make a new secret for a node",
      description: "The old one is good until the new one is used for the first time.",
      auth: "user",
      permission: "nodes:write",
      params,
      answer: { status: 200, schema: RotatedSecret },
      handle: (_context, { params: { id } }) => nodes.rotate(id),
    }),
    operation({
      name: "revokeNode",
      method: "post",
      path: "/api/v1/nodes/{id}/revoke",
      tag: "nodes",
      summary: "Shut a node out",
      description: "Its connection is closed at once. What runs there runs on, and is no longer known here.",
      auth: "user",
      permission: "nodes:write",
      params,
      answer: { status: 204, schema: null },
      handle: (_context, { params: { id } }) => nodes.revoke(id),
    }),
    operation({
      name: "adoptNode",
      method: "post",
      path: "/api/v1/nodes/{id}/adopt",
      tag: "nodes",
      summary: "Confirm what counts after the database was restored from a backup",
      auth: "user",
      permission: "nodes:write",
      params,
      body: Adopt,
      answer: { status: 204, schema: null },
      handle: (_context, { params: { id }, body }) => nodes.adopt(id, body.accept),
    }),
  ];
}
