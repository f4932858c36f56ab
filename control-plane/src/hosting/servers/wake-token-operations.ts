/** Wake tokens over HTTP, and the webhook that takes them. */
import { idPattern } from "@playspawn/shared";
import { z } from "zod";
import { operation, type Operation } from "../../platform/http/operation.ts";
import type { Servers } from "./service.ts";
import type { WakeTokens } from "./wake-token.ts";

const params = z.strictObject({ id: z.string().regex(idPattern("srv")) });

const WakeToken = z
  .strictObject({
    token: z.string().describe("Told here once; only its hash is kept."),
    createdAt: z.number().int().describe("UTC milliseconds."),
    controlUrl: z.string().optional().describe("Where others reach this control plane, as its operator says."),
  })
  .meta({ id: "WakeToken" });

/** Any text: an id that cannot be one is answered like a server that is not there. */
const WakeRequest = z
  .strictObject({ server_id: z.string().min(1).max(100), token: z.string().min(1).max(200) })
  .meta({ id: "WakeRequest" });

const WakeAnswer = z
  .strictObject({ server_id: z.string(), status: z.string().describe("The word for people, such as Online.") })
  .meta({ id: "WakeAnswer" });

export interface WakeTokenOperationsDeps {
  tokens: WakeTokens;
  servers: Pick<Servers, "resource">;
  /** Its port is known once it listens. */
  publicUrl: URL;
}

export function wakeTokenOperations({ tokens, servers, publicUrl }: WakeTokenOperationsDeps): Operation[] {
  const common = {
    tag: "servers",
    auth: "user",
    permission: "servers:write",
    resource: ({ id }: { id: string }) => servers.resource(id),
    path: "/api/v1/servers/{id}/wake-token",
    params,
  } as const;
  return [
    operation({
      ...common,
      name: "createWakeToken",
      method: "post",
      summary: "Make the token that wakes this server by webhook",
      description: "It takes the place of the one before.",
      answer: { status: 201, schema: WakeToken },
      handle: async ({ actor }, { params: { id } }) => ({
        ...(await tokens.replace(actor, id)),
        controlUrl: publicUrl.origin,
      }),
    }),
    operation({
      ...common,
      name: "deleteWakeToken",
      method: "delete",
      summary: "End this server's wake token",
      answer: { status: 204, schema: null },
      handle: ({ actor }, { params: { id } }) => tokens.end(actor, id),
    }),
    operation({
      name: "wakeByWebhook",
      method: "post",
      path: "/api/v1/webhook/wake",
      tag: "servers",
      summary: "Wake a server with its wake token, without an account",
      auth: "public",
      rate: "webhook",
      body: WakeRequest,
      answer: { status: 202, schema: WakeAnswer },
      async handle(_context, { body: { server_id, token } }) {
        const { state } = await tokens.wake({ serverId: server_id, token });
        return { server_id, status: state };
      },
    }),
  ];
}
