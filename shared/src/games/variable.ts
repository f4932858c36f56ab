/** What people choose for a server. Each variable is a field of a form, and an environment variable of the game. */
import { z } from "zod";
import { Label } from "../domain/label.ts";
import { Regex, Text } from "./fields.ts";

const words = {
  label: Label,
  description: Text(300).optional(),
  group: Label.optional().describe("The heading it stands under. Those without one are the first that people see."),
};

const required = z.boolean().optional();

export const Variable = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("string"),
    ...words,
    default: z.string().max(1000),
    maxLength: z.number().int().min(1).max(1000).optional(),
    pattern: Regex.optional(),
    secret: z.boolean().optional(),
    required: required.describe("People have to fill it in; the default is empty."),
    generate: z.boolean().optional().describe("A secret that is left empty is made up, once for each server."),
    serverName: z
      .boolean()
      .optional()
      .describe("Its default is the server's own name, where that may stand here; the one given here is for the rest."),
    omitEmpty: z.boolean().optional().describe("Left empty, the game does not get it at all."),
  }),
  z.strictObject({
    type: z.literal("integer"),
    ...words,
    default: z.number().int(),
    min: z.number().int().optional(),
    max: z.number().int().optional(),
  }),
  z.strictObject({
    type: z.literal("boolean"),
    ...words,
    default: z.boolean(),
    required: required.describe("Such as a licence: no server without it. People switch it on; the default is off."),
    as: z
      .strictObject({ on: Text(100), off: Text(100) })
      .optional()
      .describe("What the game gets, where it does not read true and false."),
  }),
  z.strictObject({
    type: z.literal("enum"),
    ...words,
    default: z.string(),
    options: z.array(Text(100).min(1)).min(1).max(100),
    labels: z.record(z.string(), Label).optional().describe("Option → what people read instead."),
  }),
]);
export type Variable = z.infer<typeof Variable>;
