/** Game servers as the API shows and takes them. */
import {
  Detail,
  haves,
  Players,
  Progress,
  Protocol,
  stateWords,
  tiers,
  WakeCause,
  wants,
  type StateWord,
} from "@playspawn/shared";
import { z } from "zod";
import { eventShape } from "../events.ts";

const idleSecondsMax = 30 * 24 * 3600;
const words = [...stateWords, "Unknown", "Deleting"] as const satisfies readonly StateWord[];

const PortNumber = z.number().int().min(1).max(65_535);
const Name = z
  .string()
  .trim()
  .min(1)
  .max(60)
  // oxlint-disable-next-line no-control-regex -- names stand in logs and terminals
  .regex(/^[^\u0000-\u001f\u007f]*$/, "must not contain control characters");
const IdleSeconds = z
  .number()
  .int()
  .min(1)
  .max(idleSecondsMax)
  .nullable()
  .describe("Seconds without players until it sleeps; null never sleeps.");
const Value = z.union([z.string().max(1000), z.number(), z.boolean()]);
const Variables = z.record(z.string().max(64), Value);
const SettableWant = z.enum(wants).exclude(["absent"]);

export const Server = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    game: z.string(),
    want: z.enum(wants),
    have: z.enum(haves),
    tier: z.enum(tiers).nullable(),
    state: z.enum(words).describe("The word for people."),
    cause: WakeCause.nullable().describe("Why it is in this state."),
    since: z.number().int().describe("When this state began, UTC milliseconds."),
    players: Players.nullable(),
    progress: Progress.nullable(),
    error: Detail.shape.error.unwrap().nullable(),
    addresses: z.array(z.strictObject({ name: z.string(), protocol: Protocol, host: z.string(), port: PortNumber })),
    variables: z.record(z.string(), Value).describe("Secrets are masked."),
    idleSeconds: IdleSeconds,
    node: z.strictObject({ id: z.string(), name: z.string() }),
    cpu: z.number(),
    memoryBytes: z.number().int(),
    createdAt: z.number().int(),
    updatedAt: z.number().int(),
    version: z.number().int().describe("Of two answers about one server the one with the greater version is newer."),
    can: z.strictObject({ wake: z.boolean(), hibernate: z.boolean(), restart: z.boolean(), delete: z.boolean() }),
  })
  .meta({ id: "Server" });
export type Server = z.infer<typeof Server>;

export const CreateServer = z
  .strictObject({
    name: Name,
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
    name: Name.optional(),
    variables: Variables.optional().describe("Only those named change. The mask of a secret leaves it as it was."),
    idleSeconds: IdleSeconds.optional(),
    want: SettableWant.optional(),
  })
  .meta({ id: "UpdateServer" });
export type UpdateServer = z.infer<typeof UpdateServer>;

export const Hibernate = z.strictObject({ tier: z.enum(tiers).optional() }).meta({ id: "Hibernate" });

export const ServerEvent = z.strictObject(eventShape).meta({ id: "ServerEvent" });
export type ServerEvent = z.infer<typeof ServerEvent>;

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
