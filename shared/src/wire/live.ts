/**
 * The live protocol: what `/api/v1/live` pushes to dashboards, as text frames of JSON, one message each. Nothing is asked
 * over it. What it speaks of has the shape that the HTTP API answers with; after a gap everything is to be read again.
 */
import { z } from "zod";
import { haves, stateWords, tiers, wants, type StateWord } from "../domain/server-state.ts";
import { Protocol } from "../games/game.ts";
import { WakeAllow } from "../domain/wake-allow.ts";
import { Capabilities, Capacity, Detail, Players, Progress, Retry, WakeCause } from "./agent.ts";

const words = [...stateWords, "Unknown", "Deleting", "Trashed"] as const satisfies readonly StateWord[];
export const PortNumber = z.number().int().min(1).max(65_535);
export const VariableValue = z.union([z.string().max(1000), z.number(), z.boolean()]);

const idleSecondsMax = 30 * 24 * 3600;
export const IdleSeconds = z
  .number()
  .int()
  .min(1)
  .max(idleSecondsMax)
  .nullable()
  .describe("Seconds without players until it sleeps; null never sleeps.");

export const ServerUpdate = z.strictObject({
  available: z.boolean().describe("Its template has a newer version than the server."),
  changes: z.array(z.string()).describe("What is newer, e.g. `/image`."),
  phase: z
    .enum(["preparing", "waiting", "updating"])
    .nullable()
    .describe("Once it was asked for: the image is made ready; it waits until nobody plays; it is being taken."),
  progress: Progress.nullable(),
  error: Detail.shape.error.unwrap().nullable().describe("Why the last try was taken back."),
});
export type ServerUpdate = z.infer<typeof ServerUpdate>;

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
    retry: Retry.nullable().describe("After a failure: what the node does about it by itself."),
    sleepsAt: z
      .number()
      .int()
      .nullable()
      .describe(
        "When it falls asleep unless somebody comes, UTC milliseconds; null while somebody plays or nobody knows.",
      ),
    sleep: Detail.shape.sleep
      .unwrap()
      .nullable()
      .describe(
        "Why a sleeper sleeps as deep as it does, and which tier comes by itself; null while it does not sleep.",
      ),
    addresses: z.array(z.strictObject({ name: z.string(), protocol: Protocol, host: z.string(), port: PortNumber })),
    variables: z.record(z.string(), VariableValue).describe("Secrets are masked."),
    idleSeconds: IdleSeconds,
    wakeAllow: WakeAllow,
    notes: z.string(),
    trashedAt: z
      .number()
      .int()
      .nullable()
      .describe("When it was put into the trash, UTC milliseconds; null: it was not."),
    purgeAt: z.number().int().nullable().describe("When it leaves the trash for good, UTC milliseconds."),
    wakeTokenAt: z
      .number()
      .int()
      .nullable()
      .describe("When its wake token was made, UTC milliseconds; null: it has none."),
    pending: z
      .array(z.string())
      .describe("What the running game does not have yet and gets at its next wake, e.g. `/variables/MAX_PLAYERS`."),
    update: ServerUpdate.nullable().describe(
      "The newer version of its template; null: there is none, nor was one tried.",
    ),
    node: z.strictObject({ id: z.string(), name: z.string() }),
    cpu: z.number(),
    memoryBytes: z.number().int(),
    createdAt: z.number().int(),
    updatedAt: z.number().int(),
    version: z.number().int().describe("Of two answers about one server the one with the greater version is newer."),
    can: z
      .strictObject({ wake: z.boolean(), hibernate: z.boolean(), restart: z.boolean(), delete: z.boolean() })
      .describe("What would change something now. The rest is taken, too, unless it is refused with a reason."),
  })
  .meta({ id: "Server" });
export type Server = z.infer<typeof Server>;

/** What every list of events answers; the subject is in the path that was asked. */
export const eventShape = {
  id: z.string(),
  seq: z.number().int(),
  at: z.number().int().describe("UTC milliseconds, on the clock of where it happened."),
  kind: z.string(),
  cause: z.record(z.string(), z.unknown()).nullable(),
  data: z.record(z.string(), z.unknown()),
};

export const ServerEvent = z.strictObject(eventShape).meta({ id: "ServerEvent" });
export type ServerEvent = z.infer<typeof ServerEvent>;

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
    url: z.string().nullable().optional().describe("Where this control plane dials it; null for a node that dials in."),
    address: z.string().nullable().describe("What players dial."),
    capacity: Capacity.nullable(),
    capabilities: Capabilities,
    epoch: z.number().int(),
    lastSeenAt: z.number().int().nullable().describe("UTC milliseconds."),
    version: z.string().nullable(),
  })
  .meta({ id: "Node" });
export type Node = z.infer<typeof Node>;

/** One message. A client leaves those alone that it does not know. */
export const LiveMessage = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("server"), server: Server }),
  z.strictObject({ t: z.literal("server_removed"), id: z.string() }),
  z.strictObject({ t: z.literal("event"), event: z.strictObject({ ...eventShape, serverId: z.string() }) }),
  z.strictObject({ t: z.literal("node"), node: Node }),
  /** Nothing new: the line is alive. Browsers do not show WebSocket pings to their pages. */
  z.strictObject({ t: z.literal("ping") }),
]);
export type LiveMessage = z.infer<typeof LiveMessage>;
