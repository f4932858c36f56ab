/** What the API takes and answers of nodes. How it shows one is said with the live protocol. */
import { eventShape, JoinAnswer, JoinRequest, Label } from "@playspawn/shared";
import { NodeSecret, NodeUrl } from "./node-address.ts";
import { z } from "zod";

export const NodeEvent = z.strictObject(eventShape).meta({ id: "NodeEvent" });
export type NodeEvent = z.infer<typeof NodeEvent>;

export const JoinToken = z
  .strictObject({
    token: z.string(),
    expiresAt: z.number().int().describe("UTC milliseconds."),
    controlUrl: z.string().optional().describe("Where nodes elsewhere reach this control plane, as its operator says."),
  })
  .meta({ id: "JoinToken" });
export type JoinToken = z.infer<typeof JoinToken>;

export const Join = JoinRequest.meta({ id: "JoinRequest" });
export const Joined = JoinAnswer.meta({ id: "JoinAnswer" });
export const RotatedSecret = z.strictObject({ secret: z.string() }).meta({ id: "RotatedSecret" });

export const AddNode = z
  .strictObject({
    name: Label,
    url: NodeUrl.describe("Where its agent's HTTP API answers, such as https://node1.example.org:8001."),
    secret: NodeSecret.describe("The agent's PLAYSPAWN_NODE_SECRET. It is kept encrypted and never shown."),
  })
  .meta({ id: "AddNode" });
export type AddNode = z.infer<typeof AddNode>;

export const Adopt = z
  .strictObject({
    accept: z
      .boolean()
      .describe("true: what runs on the node is what is wanted. false: what this database wants is carried out."),
  })
  .meta({ id: "Adopt" });
