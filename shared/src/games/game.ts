/**
 * The schema of `games/<id>/game.yaml`: how a dedicated server of a game is run, and the same resolved
 * for one server (`ServerSpec`), which is all an agent ever sees of a game.
 */
import { z } from "zod";
import { Label } from "../domain/label.ts";
import { gameFaults } from "./game-faults.ts";

export const protocols = ["tcp", "udp"] as const;
export const Protocol = z.enum(protocols);
export type Protocol = z.infer<typeof Protocol>;

/** Query protocols an agent speaks, for readiness and for counting players. */
export const queryKinds = ["minecraft", "teeworlds"] as const;
export const QueryKind = z.enum(queryKinds);
export type QueryKind = z.infer<typeof QueryKind>;

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower case letters, digits and dashes, starting with a letter");
const EnvName = z.string().regex(/^[A-Z_][A-Z0-9_]{0,63}$/, "must be upper case letters, digits and underscores");
const ContainerPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._/-]{1,200}$/, "must be an absolute path inside the container")
  .refine((path) => !path.split("/").includes(".."), "must not contain ..");
const Seconds = z.number().int().min(1).max(3600);
const Regex = z.string().min(1).max(500).describe("A regular expression as RE2 and JavaScript both know them.");
const Port = z.number().int().min(1).max(65_535);

/** Words of any length up to `max`, on one line or several. */
const Text = (max: number) =>
  z
    .string()
    .max(max)
    // oxlint-disable-next-line no-control-regex -- NUL ends an environment variable, ESC rules a terminal
    .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f]*$/, "must not contain control characters");

/** Docker makes no container with less. */
const memoryBytesMin = 6 * 1024 ** 2;

/** Memory as people write it, `256M` or `2G`; bytes after parsing. */
const Memory = z
  .string()
  .regex(/^[1-9][0-9]{0,5}[MG]$/, "must be a number followed by M or G, e.g. 512M")
  .transform((text) => Number(text.slice(0, -1)) * (text.endsWith("G") ? 1024 ** 3 : 1024 ** 2))
  .refine((bytes) => bytes >= memoryBytesMin, "must be at least 6M");

/** Registry and path in lower case, then a tag in any case, or a digest, or both. */
const imageReference =
  /^[a-z0-9][a-z0-9._-]*(:[0-9]{1,5})?(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

export const Image = z.union([
  z.strictObject({
    ref: z.string().max(512).regex(imageReference, "must be an image reference such as itzg/minecraft-server:latest"),
  }),
  z.strictObject({ build: z.literal(".").describe("Built from the Dockerfile in this folder.") }),
]);

/** Any one of these, whichever answers first, says that players can join. */
export const Probe = z.union([
  z.strictObject({ query: QueryKind, port: Name }),
  z.strictObject({ log: Regex }),
  z.strictObject({ tcp: Name }),
]);
export type Probe = z.infer<typeof Probe>;

const Rcon = z.strictObject({ port: Name, passwordVariable: EnvName, command: z.string().min(1).max(200) });

/** How the world gets to disk before the game is stopped. `until` is a log line that says it is done. */
export const Save = z.union([
  z.strictObject({ stdin: z.string().min(1).max(200), until: Regex, limitSeconds: Seconds }),
  z.strictObject({ rcon: Rcon, limitSeconds: Seconds }),
]);
export type Save = z.infer<typeof Save>;

export const signals = ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const;
export const Stop = z.union([
  z.strictObject({ stdin: z.string().min(1).max(200), limitSeconds: Seconds }),
  z.strictObject({ rcon: Rcon, limitSeconds: Seconds }),
  z.strictObject({ signal: z.enum(signals), limitSeconds: Seconds }),
]);
export type Stop = z.infer<typeof Stop>;

/** What the door says for a sleeping server. */
export const Asleep = z.strictObject({
  answer: z.literal("minecraft").describe("Answers Minecraft status pings without waking; only a login wakes."),
  port: Name,
  motd: z.string().min(1).max(200),
});

const words = { label: Label, description: Text(300).optional() };
export const Variable = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("string"),
    ...words,
    default: z.string().max(1000),
    maxLength: z.number().int().min(1).max(1000).optional(),
    pattern: Regex.optional(),
    secret: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("integer"),
    ...words,
    default: z.number().int(),
    min: z.number().int().optional(),
    max: z.number().int().optional(),
  }),
  z.strictObject({ type: z.literal("boolean"), ...words, default: z.boolean() }),
  z.strictObject({
    type: z.literal("enum"),
    ...words,
    default: z.string(),
    options: z.array(Text(100).min(1)).min(1).max(100),
  }),
]);
export type Variable = z.infer<typeof Variable>;

export const Game = z
  .strictObject({
    id: Name,
    name: Label,
    description: Text(500).min(1),
    image: Image,
    ports: z
      .record(
        Name,
        z.strictObject({
          protocol: Protocol,
          container: Port,
          public: z
            .union([z.literal("auto"), z.strictObject({ of: Name, offset: z.number().int().min(1).max(100) })])
            .describe("`auto` leases one from the node's range; `{of, offset}` follows another port."),
        }),
      )
      .refine((ports) => Object.keys(ports).length >= 1 && Object.keys(ports).length <= 10, "must name 1 to 10 ports"),
    environment: z.record(EnvName, Text(1000)).default({}),
    variables: z.record(EnvName, Variable).default({}),
    volumes: z
      .record(Name, ContainerPath)
      .default({})
      .describe("Folder in the server's data directory → path in the container."),
    user: z
      .union([
        z.literal("auto"),
        z.string().regex(/^[1-9][0-9]{0,8}:[1-9][0-9]{0,8}$/, "must be uid:gid, neither of them 0"),
      ])
      .default("auto")
      .describe("`auto` gives every server a uid of its own."),
    profile: z
      .enum(["strict", "compat"])
      .default("strict")
      .describe("`compat` is for images that start as root and drop their rights themselves."),
    cpu: z.number().min(0.05).max(64),
    memory: Memory,
    readiness: z.strictObject({ anyOf: z.array(Probe).min(1).max(5), limitSeconds: Seconds }),
    save: Save.optional(),
    stop: Stop,
    players: z.strictObject({ query: QueryKind, port: Name }).optional().describe("Without it, idle means no traffic."),
    asleep: Asleep.optional(),
  })
  .superRefine((game, context) => {
    for (const fault of gameFaults(game)) context.addIssue({ code: "custom", ...fault });
  });
export type Game = z.infer<typeof Game>;

/** One server, resolved: everything an agent needs to run it. */
export const ServerSpec = z.strictObject({
  game: Name,
  image: z.union([
    z.strictObject({ ref: z.string() }),
    z.strictObject({
      context: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe("SHA-256 of the build context, fetched from the control plane."),
    }),
  ]),
  env: z.record(z.string(), z.string()),
  ports: z.array(z.strictObject({ name: Name, protocol: Protocol, container: Port, public: Port })),
  volumes: z.record(Name, ContainerPath),
  user: z.string(),
  profile: z.enum(["strict", "compat"]),
  cpu: z.number(),
  memoryBytes: z.number().int(),
  readiness: z.strictObject({ anyOf: z.array(Probe), limitSeconds: Seconds }),
  save: Save.optional(),
  stop: Stop,
  players: z.strictObject({ query: QueryKind, port: Name }).optional(),
  asleep: Asleep.optional(),
});
export type ServerSpec = z.infer<typeof ServerSpec>;
