/**
 * The agent protocol, version 1: one outbound WebSocket from agent to control plane at `/agent/v1`.
 * Level-triggered: the control plane sends what it wants, the agent reports what is. See docs/agent-protocol.md.
 */
import { z } from "zod";
import { errorCodes } from "../domain/errors.ts";
import { idPattern } from "../domain/ids.ts";
import { Label } from "../domain/label.ts";
import { haves, kickKinds, tiers, wants } from "../domain/server-state.ts";
import { WakeAllow } from "../domain/wake-allow.ts";
import { Protocol, ServerSpec } from "../games/game.ts";
import { Hold } from "./hold.ts";

export const wireVersion = 1;

/** WebSocket close codes. */
export const closeCodes = {
  badFrame: 4000,
  /** A newer connection of this node took over: come back after `supersededRetryMs`, not at once. */
  superseded: 4001,
  /** Two machines share this node's secret: stop, an operator must give one of them a new one. */
  quarantined: 4003,
  /** Silent for three intervals. */
  silent: 4004,
  /** The other side reads too slowly. */
  tooSlow: 4008,
  /** The node's secret was revoked. */
  revoked: 4010,
  goingAway: 1001,
} as const;

export const heartbeatMs = 10_000;
export const silentIntervals = 3;
export const supersededRetryMs = 30_000;

/** What only grows: far below what a double holds, so that no program on the way can make the next one unsayable. */
const Count = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 48);

export const WakeCause = z.strictObject({
  kind: z.enum(["packet", "api", "deploy", "restart", "retry", "adopted", "idle", "want", "holder_lost", "update"]),
  /** For `packet`: who knocked, as address:port. */
  source: z.string().max(100).optional(),
  port: z.string().max(40).optional(),
});
export type Cause = z.infer<typeof WakeCause>;

/** How far a long step is: bytes of an image, steps of a build. */
export const Progress = z.strictObject({
  step: z.enum(["image", "files", "network", "container", "game", "ready", "save", "stop"]),
  text: z.string().max(300),
  done: z.number().nonnegative().optional(),
  total: z.number().nonnegative().optional(),
  unit: z.enum(["bytes", "steps"]).optional(),
});
export type Progress = z.infer<typeof Progress>;

/** What comes after a failure. */
export const Retry = z.strictObject({
  attempt: z.number().int().positive().describe("The try that comes next, or that was the last."),
  max: z.number().int().positive(),
  at: z
    .number()
    .int()
    .nullable()
    .describe("When it is due, UTC milliseconds; null when no more are made by themselves."),
});
export type Retry = z.infer<typeof Retry>;

const NextTier = z.strictObject({ tier: z.enum(tiers), at: z.number().int() });

export const Detail = z.strictObject({
  progress: Progress.optional(),
  error: z.strictObject({ code: z.enum(errorCodes), message: z.string().max(2000) }).optional(),
  retry: Retry.optional(),
  /** When it sleeps unless somebody comes, UTC ms on the node's clock; told once it has been empty for a while. */
  sleepsAt: z.number().int().optional(),
  /** Of one that is awake. Older agents do not say. */
  hold: Hold.optional(),
  /** Of a sleeper: why it sleeps as deep as it does, a sentence, and what comes by itself, `at` UTC ms on its node's clock. */
  sleep: z.strictObject({ why: z.string().max(300), next: NextTier.nullable() }).optional(),
});
export type Detail = z.infer<typeof Detail>;

export const Players = z.strictObject({
  online: z.number().int().nonnegative(),
  max: z.number().int().nonnegative(),
  names: z.array(z.string().max(64)).max(200).optional(),
});
export type Players = z.infer<typeof Players>;

/** How far an update is. `done` and `failed` hold until the control plane has taken them in. */
export const UpdateStatus = z.strictObject({
  gen: z.number().int().positive(),
  phase: z.enum(["preparing", "waiting", "updating", "done", "failed"]),
  progress: Progress.optional(),
  error: z.strictObject({ code: z.enum(errorCodes), message: z.string().max(2000) }).optional(),
});
export type UpdateStatus = z.infer<typeof UpdateStatus>;

/** What a node says of one server. `gen` is the newest desired generation the agent has taken in. */
export const StatusItem = z.strictObject({
  id: z.string(),
  gen: Count,
  state: z.enum(haves).exclude(["unknown"]),
  tier: z.enum(tiers).nullable(),
  cause: WakeCause.nullable(),
  /** Generation of the newest kick that was handled or is being handled. */
  kick: Count,
  players: Players.nullable(),
  /** When the present state began, UTC ms on the node's clock. */
  since: z.number().int(),
  detail: Detail,
  /** Whether the game that runs was made from the present spec; null: none runs. Agents before 0.2 do not say. */
  fresh: z.boolean().nullable().optional(),
  /** What became of the newest update that it was told of. */
  update: UpdateStatus.optional(),
});
export type StatusItem = z.infer<typeof StatusItem>;

/** Micro-credits that a wake may spend. `null` amount: unlimited. */
export const Grant = z.strictObject({ id: z.string(), microCredits: z.string().regex(/^\d+$/).nullable() });

export const DesiredServer = z.strictObject({
  /** Nothing else: an agent calls folders by it. */
  id: z.string().regex(idPattern("srv")),
  /** Grows with every change of this record. */
  gen: z.number().int().positive(),
  want: z.enum(wants),
  kick: z
    .strictObject({ gen: z.number().int().positive(), kind: z.enum(kickKinds), tier: z.enum(tiers).optional() })
    .nullable(),
  /** Seconds without players until an `auto` server sleeps; null never. */
  idleSeconds: z.number().int().min(1).nullable(),
  /** Who may wake it; left out: everyone, as for older agents. */
  allow: WakeAllow.optional(),
  /** What happens to this server when its node is lost. */
  onDisconnect: z.enum(["keep", "replace", "fence"]),
  /** Without a grant a server is not woken. */
  grant: Grant.nullable(),
  /** With `want: absent`: also delete the files. */
  purge: z.boolean(),
  spec: ServerSpec,
  /** Spec to take once nobody plays, its image made ready before. Sent to agents that name the capability `update`. */
  update: z.strictObject({ gen: z.number().int().positive(), spec: ServerSpec }).optional(),
});
export type DesiredServer = z.infer<typeof DesiredServer>;

const eventKinds = [
  "wake",
  "ready",
  "sleep",
  "deeper",
  "exit",
  "crash",
  "player_join",
  "player_leave",
  "usage",
  "holder_lost",
  "orphan",
  "failed",
  "adopted",
  "door_lost",
  "dropped",
  "refused",
] as const;

/** A kind that a newer agent has: kept under a name that is nobody's else. */
const LaterKind = z
  .string()
  .regex(/^[a-z][a-z_]{0,39}$/)
  .transform((kind): `other_${string}` => `other_${kind.replace(/^other_/, "")}`);

/** Facts that must not merge. They wait in the agent's durable log until acknowledged. */
export const AgentEvent = z.strictObject({
  n: z.number().int().positive(),
  at: z.number().int(),
  server: z.string().nullable(),
  gen: Count,
  kind: z.union([z.enum(eventKinds), LaterKind]),
  cause: WakeCause.nullable(),
  /** Kind-specific figures and words, e.g. `{exitCode: 137}` or, for `usage`, `{fromMono, toMono, state}` in ms. */
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type AgentEvent = z.infer<typeof AgentEvent>;

const Port = z.number().int().min(1).max(65_535);
const Bytes = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

export const Capacity = z.strictObject({
  memoryBytes: Bytes,
  cpus: z.number().positive().max(10_000),
  diskFreeBytes: Bytes,
  ports: z
    .strictObject({ from: Port, to: Port })
    .refine(({ from, to }) => from <= to, "must be a range whose end is not before its start"),
  /** The address players reach this node at. */
  address: z.string().regex(/^[A-Za-z0-9.:%_-]{1,253}$/, "must be a host name or an IP address"),
});
export type Capacity = z.infer<typeof Capacity>;

/** What the host can do, probed once: `{name: value}`, e.g. `{"cgroup": "v1", "nofile": 20000, "isolatedPorts": true}`. */
export const Capabilities = z
  .record(z.string().max(60), z.union([z.string().max(300), z.number(), z.boolean()]))
  .refine((all) => Object.keys(all).length <= 100, "must be at most 100");

const epoch = z.number().int().positive();
const rev = Count;

export const AgentFrame = z.discriminatedUnion("t", [
  z.strictObject({
    t: z.literal("hello"),
    v: z.literal(wireVersion),
    /** Docker Engine id and machine id: which machine this is. */
    machine: z.string().min(1).max(200),
    /** The kernel's boot id. */
    boot: z.string().min(1).max(100),
    /** This agent process. */
    run: z.string().min(1).max(100),
    appliedRev: rev,
    capacity: Capacity,
    capabilities: Capabilities,
    /** Always complete. */
    report: z.array(StatusItem),
    /** The durable log and its last number, so that both ends agree on what was acknowledged. */
    log: z.strictObject({ id: z.string().max(100), last: z.number().int().nonnegative() }),
  }),
  z.strictObject({
    t: z.literal("status"),
    epoch,
    seq: z.number().int().positive(),
    items: z.array(StatusItem).max(1000),
  }),
  z.strictObject({
    t: z.literal("events"),
    epoch,
    log: z.string().max(100),
    items: z.array(AgentEvent).min(1).max(200),
  }),
  z.strictObject({
    t: z.literal("hb"),
    epoch,
    appliedRev: rev,
    load: z.number().nonnegative(),
    memoryFreeBytes: Bytes,
    diskFreeBytes: Bytes,
    /** All of them, when they are others than this connection said before. */
    capabilities: Capabilities.optional(),
  }),
  z.strictObject({ t: z.literal("resync"), epoch, appliedRev: rev }),
  z.strictObject({ t: z.literal("chunk"), epoch, id: z.number().int(), data: z.string() }),
  z.strictObject({
    t: z.literal("reply"),
    epoch,
    id: z.number().int(),
    result: z.unknown().optional(),
    error: z.strictObject({ code: z.enum(errorCodes), message: z.string() }).optional(),
  }),
]);
export type AgentFrame = z.infer<typeof AgentFrame>;

/** Calls read; they never change the life of a server. */
export const Call = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("ports.check"),
    ports: z.array(z.strictObject({ protocol: Protocol, port: z.number().int() })).max(200),
  }),
  z.strictObject({
    op: z.literal("logs"),
    server: z.string(),
    tail: z.number().int().min(0).max(10_000),
    follow: z.boolean(),
  }),
  /** Only for agents with the capability `stats`. */
  z.strictObject({
    op: z.literal("stats"),
    server: z.string(),
    /** Rates of network and disk too, which a control plane of before could not take. */
    rates: z.boolean().optional(),
  }),
  /** What a running game is made of and listens on. Only for agents with the capability `examine`, like the next. */
  z.strictObject({ op: z.literal("examine"), server: z.string() }),
  /** Which digest an image reference means in its registry now; what it was pinned to stays. */
  z.strictObject({ op: z.literal("image.digest"), ref: z.string().max(512) }),
]);
export type Call = z.infer<typeof Call>;

/** A call of a newer control plane: it is answered with an error, and the connection goes on. */
export const UnknownCall = z
  .looseObject({ op: z.string().max(60) })
  .refine(({ op }) => !Call.options.some((option) => option.shape.op.value === op))
  .transform(({ op }) => ({ op: "unknown" as const, name: op }));
export type UnknownCall = z.infer<typeof UnknownCall>;

/** Result of `stats`, and what the HTTP APIs answer: the fields of the GSP document. */
export const ServerStats = z
  .strictObject({
    cpu_percent: z.number().nonnegative().describe("Of one core, as `docker stats` tells it: 250 is two and a half."),
    memory_percent: z.number().nonnegative().describe("Of the server's own limit."),
    memory_used_mb: z.number().nonnegative().describe("MiB, without what the kernel only keeps in its cache."),
    status: z.enum(haves).describe("What the server does now; all figures are 0 unless its game runs."),
    network_in_bytes_per_second: z
      .number()
      .nonnegative()
      .optional()
      .describe("To the game; left out where it is not known."),
    network_out_bytes_per_second: z.number().nonnegative().optional(),
    disk_read_bytes_per_second: z.number().nonnegative().optional(),
    disk_write_bytes_per_second: z.number().nonnegative().optional(),
  })
  .meta({ id: "ServerStats" });
export type ServerStats = z.infer<typeof ServerStats>;

/** Result of `examine`. */
export const Examination = z.strictObject({
  /** `digest`: `repository@sha256:…`; null for an image that came from no registry. */
  image: z.strictObject({ id: z.string().max(100), digest: z.string().max(400).nullable() }),
  /** Sockets in the server's own network. */
  listening: z.array(z.strictObject({ protocol: Protocol, port: z.number().int() })).max(1000),
  /** null: its template names none. */
  query: z.strictObject({ answered: z.boolean(), text: z.string().max(500) }).nullable(),
});
export type Examination = z.infer<typeof Examination>;

/** Result of `image.digest`. */
export const ImageDigest = z.strictObject({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });

/** Result of `ports.check`: those that cannot be bound or are published by a container, with the reason. */
export const PortsCheckResult = z.strictObject({
  taken: z.array(z.strictObject({ protocol: Protocol, port: z.number().int(), by: z.string() })),
});

export const ControlFrame = z.discriminatedUnion("t", [
  z.strictObject({
    t: z.literal("welcome"),
    v: z.literal(wireVersion),
    epoch,
    rev,
    /** Always complete. */
    snapshot: z.array(DesiredServer),
    session: z.strictObject({ heartbeatMs: z.number().int().positive() }),
    /** Newest event number of the agent's log that is stored here. */
    ack: z.number().int().nonnegative(),
    /** The node has seen a newer revision than the database holds (restored from a backup): what runs wins, nothing is stopped. */
    adopt: z.boolean(),
    /** Lists whose newer words this control plane takes, e.g. `["tiers"]`; one of an earlier version does not say. */
    understands: z.array(z.string().max(60)).max(100).optional(),
  }),
  z.strictObject({
    t: z.literal("desired"),
    epoch,
    prev: rev,
    rev,
    upsert: z.array(DesiredServer),
    remove: z.array(z.string()),
  }),
  z.strictObject({ t: z.literal("snapshot"), epoch, rev, snapshot: z.array(DesiredServer), adopt: z.boolean() }),
  /** Cumulative: statuses up to `seq`, events up to `events`. */
  z.strictObject({ t: z.literal("ack"), epoch, seq: z.number().int().optional(), events: z.number().int().optional() }),
  z.strictObject({ t: z.literal("hb"), epoch, rev }),
  z.strictObject({
    t: z.literal("call"),
    epoch,
    id: z.number().int().positive(),
    call: z.union([Call, UnknownCall]),
    credit: z.number().int().positive(),
  }),
  /** Lets the agent send `bytes` more of call `id`. */
  z.strictObject({ t: z.literal("credit"), epoch, id: z.number().int(), bytes: z.number().int().positive() }),
  z.strictObject({ t: z.literal("cancel"), epoch, id: z.number().int() }),
]);
export type ControlFrame = z.infer<typeof ControlFrame>;

/** `POST /api/v1/nodes/join`. Fields of a newer agent are left out, as in frames. */
export const JoinRequest = z.object({ token: z.string().min(1).max(200), name: Label });
export const JoinAnswer = z.strictObject({ nodeId: z.string(), secret: z.string(), installationId: z.string() });
