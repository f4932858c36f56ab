/**
 * The schema of `games/<id>/game.yaml`: how a dedicated server of a game is run, and the same resolved
 * for one server (`ServerSpec`), which is all an agent ever sees of a game.
 */
import { z } from "zod";
import { tiers } from "../domain/server-state.ts";
import { Label } from "../domain/label.ts";
import { Asleep } from "./asleep.ts";
import { ContainerPath, EnvName, Image, Memory, Name, Port, Protocol, Regex, Seconds, Text } from "./fields.ts";
import { gameFaults } from "./game-faults.ts";
import { queryKinds } from "./queries.ts";
import { Variable } from "./variable.ts";

export { About, answers, Asleep, firstAnswer, type AnswerKind } from "./asleep.ts";
export { Protocol } from "./fields.ts";
export type { QueryKind } from "./queries.ts";
export { Variable } from "./variable.ts";

const QueryKind = z.enum(queryKinds);

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

/** How players are counted. Without it, idle means no traffic. */
export const PlayersRule = z.union([
  z.strictObject({ query: QueryKind, port: Name }),
  z.strictObject({
    rcon: Rcon,
    line: Regex.describe("A line of the answer that matches is a player; the first group is the name."),
    maxVariable: EnvName.optional().describe("The variable that says how many may play."),
  }),
]);
export type PlayersRule = z.infer<typeof PlayersRule>;

/** The game's own arguments; `{{NAME}}` stands for what the environment says. A list goes when one of its values is empty. */
const Argument = Text(1000).min(1);
export const Command = z.array(z.union([Argument, z.array(Argument).min(1).max(10)])).max(60);

const Readiness = z.strictObject({
  anyOf: z.array(Probe).min(1).max(5),
  limitSeconds: Seconds,
  firstLimitSeconds: Seconds.optional().describe("For the first start, which may download the game."),
});

/** How deep servers of the game may sleep: one that does not outlive being frozen for hours leaves `paused` and `deep` out. */
export const Sleep = z.strictObject({
  tiers: z
    .array(z.enum(tiers))
    .min(1)
    .max(tiers.length)
    .refine((all) => all.includes("held") || all.includes("cold"), "must name held or cold: memory may run short"),
});

const GamePort = z.strictObject({
  protocol: Protocol,
  container: z
    .union([Port, z.literal("public")])
    .describe("`public` is for games that announce their port: they listen on the number that players dial."),
  public: z
    .union([z.enum(["auto", "none"]), z.strictObject({ of: Name, offset: z.number().int().min(0).max(100) })])
    .describe(
      "`auto` leases one from the node's range; `{of, offset}` follows another port; `none` is for the agent alone.",
    ),
  env: EnvName.optional().describe("The environment variable that tells the game its public number."),
  when: EnvName.optional().describe(
    "The switch that must be on for the game to open it: without it there is no such port.",
  ),
});

const Link = z.url({ protocol: /^https$/, error: "must be an address that begins with https://" }).max(300);

const about = {
  links: z.strictObject({ homepage: Link.optional(), image: Link.optional(), docs: Link.optional() }).optional(),
  steamApp: z.number().int().positive().optional().describe("The game's id at Steam: the one players start."),
  arch: z
    .array(z.enum(["amd64", "arm64"]))
    .min(1)
    .optional()
    .describe("The machines it runs on; without it, all."),
  status: z
    .strictObject({ state: z.enum(["tried", "untried"]), note: Text(300).min(1) })
    .optional()
    .describe("Whether its author has seen this template run."),
};

export const Game = z
  .strictObject({
    id: Name,
    name: Label,
    description: Text(500).min(1),
    image: Image,
    ...about,
    ports: z
      .record(Name, GamePort)
      .refine((ports) => Object.keys(ports).length >= 1 && Object.keys(ports).length <= 10, "must name 1 to 10 ports"),
    entrypoint: z
      .array(Text(4000).min(1))
      .min(1)
      .max(10)
      .optional()
      .describe("Instead of the image's own; nothing in it is replaced, values are in the environment."),
    command: Command.optional(),
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
    readiness: Readiness,
    save: Save.optional(),
    stop: Stop,
    players: PlayersRule.optional(),
    asleep: Asleep.optional(),
    sleep: Sleep.optional(),
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
  internalPorts: z
    .array(z.strictObject({ name: Name, protocol: Protocol, container: Port }))
    .optional()
    .describe("Ports that only the agent reaches."),
  entrypoint: z.array(z.string()).optional().describe("Instead of the image's own."),
  command: z.array(z.string()).optional().describe("Instead of the image's own arguments."),
  volumes: z.record(Name, ContainerPath),
  user: z.string(),
  profile: z.enum(["strict", "compat"]),
  cpu: z.number(),
  memoryBytes: z.number().int(),
  readiness: Readiness,
  save: Save.optional(),
  stop: Stop,
  players: PlayersRule.optional(),
  asleep: Asleep.optional(),
  sleep: Sleep.optional(),
});
export type ServerSpec = z.infer<typeof ServerSpec>;

/** The number that the game listens on. @throws Error when the game has no such port */
export function containerPort(spec: ServerSpec, name: string): number {
  const port = [...spec.ports, ...(spec.internalPorts ?? [])].find((candidate) => candidate.name === name);
  if (!port) throw new Error(`${spec.game} has no port ${name}`);
  return port.container;
}
