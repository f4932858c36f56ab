/** Nodes as the API shows them. */
import { Capabilities, Capacity, JoinAnswer, JoinRequest } from "@playspawn/shared";
import { z } from "zod";
import { eventShape } from "../events.ts";

/**
 * - `never`        joined, but never connected
 * - `connected`    answers
 * - `suspect`      silent for a short time: gets no new servers
 * - `unreachable`  silent for long: what its servers do is not known, they run on
 */
export const sessionStates = ["never", "connected", "suspect", "unreachable"] as const;
export type SessionState = (typeof sessionStates)[number];

export const Node = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    session: z.enum(sessionStates),
    quarantined: z.boolean().describe("Two machines were seen with this node's secret: rotate it."),
    adopt: z
      .boolean()
      .describe("The node has seen newer changes than this database holds; nothing is stopped until it is confirmed."),
    address: z.string().nullable().describe("What players dial."),
    capacity: Capacity.nullable(),
    capabilities: Capabilities,
    epoch: z.number().int(),
    lastSeenAt: z.number().int().nullable().describe("UTC milliseconds."),
    version: z.string().nullable(),
  })
  .meta({ id: "Node" });
export type Node = z.infer<typeof Node>;

export const NodeEvent = z.strictObject(eventShape).meta({ id: "NodeEvent" });
export type NodeEvent = z.infer<typeof NodeEvent>;

export const JoinToken = z
  .strictObject({ token: z.string(), expiresAt: z.number().int().describe("UTC milliseconds.") })
  .meta({ id: "JoinToken" });
export type JoinToken = z.infer<typeof JoinToken>;

export const Join = JoinRequest.meta({ id: "JoinRequest" });
export const Joined = JoinAnswer.meta({ id: "JoinAnswer" });
export const RotatedSecret = z.strictObject({ secret: z.string() }).meta({ id: "RotatedSecret" });

export const Adopt = z
  .strictObject({
    accept: z
      .boolean()
      .describe("true: what runs on the node is what is wanted. false: what this database wants is carried out."),
  })
  .meta({ id: "Adopt" });
