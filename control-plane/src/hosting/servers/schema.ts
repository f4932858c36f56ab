/** Game servers as the API takes them. How it shows them is said with the live protocol. */
import { IdleSeconds, Label, Notes, PortNumber, tiers, VariableValue, WakeAllow, wants } from "@playspawn/shared";
import { z } from "zod";
import { Email } from "../../people/users/credentials.ts";
import { PageQuery } from "../../platform/http/page.ts";

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
    node: z.string().max(60).optional().describe("Id of the node; left out, the emptiest that can take it."),
  })
  .meta({ id: "CreateServer" });
export type CreateServer = z.infer<typeof CreateServer>;

export const UpdateServer = z
  .strictObject({
    name: Label.optional(),
    variables: Variables.optional().describe("Only those named change. The mask of a secret leaves it as it was."),
    idleSeconds: IdleSeconds.optional(),
    wakeAllow: WakeAllow.optional(),
    want: SettableWant.optional(),
    notes: Notes.optional(),
    cpu: z.number().positive().max(10_000).nullable().optional().describe("Cores; null: as the template says."),
    memoryBytes: z.number().int().positive().nullable().optional().describe("null: as the template says."),
  })
  .meta({ id: "UpdateServer" });
export type UpdateServer = z.infer<typeof UpdateServer>;

export const Hibernate = z
  .strictObject({
    tier: z
      .enum(tiers)
      .optional()
      .describe(
        "How deep at least; one that its game or its node does not have is skipped for the next deeper one. Left out: as deep as its node decides.",
      ),
  })
  .meta({ id: "Hibernate" });

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

const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((text) => text === "true")
  .meta({ type: "boolean", default: false });

export const ListQuery = PageQuery.extend({ trash: flag.describe("Those in the trash instead of the others.") });
export const DeleteQuery = z.strictObject({ purge: flag.describe("For good, at once, instead of into the trash.") });
export const Transfer = z.strictObject({ email: Email }).meta({ id: "TransferServer" });
export const Favourites = z.strictObject({ items: z.array(z.string()) }).meta({ id: "Favourites" });
export const UpdatedServers = z
  .strictObject({
    updating: z.array(z.string()).describe("Servers that take the newer version once nobody plays on them."),
    refused: z.array(z.strictObject({ id: z.string(), detail: z.string() })),
  })
  .meta({ id: "UpdatedServers" });
