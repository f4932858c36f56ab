/** Game servers as the API takes them. How it shows them is said with the live protocol. */
import { IdleSeconds, Label, PortNumber, tiers, VariableValue, wants } from "@playspawn/shared";
import { z } from "zod";

const Variables = z.record(z.string().max(64), VariableValue);
const SettableWant = z.enum(wants).exclude(["absent"]);

export const CreateServer = z
  .strictObject({
    name: Label,
    game: z.string().min(1).max(60),
    variables: Variables.optional(),
    idleSeconds: IdleSeconds.optional(),
    want: SettableWant.optional(),
    ports: z
      .record(z.string().max(40), PortNumber)
      .optional()
      .describe("Port name → public port. What is not named is leased from the node's range."),
  })
  .meta({ id: "CreateServer" });
export type CreateServer = z.infer<typeof CreateServer>;

export const UpdateServer = z
  .strictObject({
    name: Label.optional(),
    variables: Variables.optional().describe("Only those named change. The mask of a secret leaves it as it was."),
    idleSeconds: IdleSeconds.optional(),
    want: SettableWant.optional(),
  })
  .meta({ id: "UpdateServer" });
export type UpdateServer = z.infer<typeof UpdateServer>;

export const Hibernate = z.strictObject({ tier: z.enum(tiers).optional() }).meta({ id: "Hibernate" });

export const LogsQuery = z.strictObject({
  tail: z
    .string()
    .regex(/^\d{1,5}$/, "must be a number of lines")
    .transform(Number)
    .pipe(z.number().int().min(0).max(10_000))
    .default(100)
    .meta({ type: "integer", minimum: 0, maximum: 10_000, default: 100 }),
  follow: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .meta({ type: "boolean", default: false }),
});
