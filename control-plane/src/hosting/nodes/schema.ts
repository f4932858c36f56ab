/** What the API takes and answers of nodes. How it shows one is said with the live protocol. */
import { eventShape, JoinAnswer, JoinRequest } from "@playspawn/shared";
import { z } from "zod";

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
