/** What the agent's API takes and answers. Fields that the GSP document names keep its snake_case. */
import { Game, haves, idPattern, IdleSeconds, ServerStats, StatusItem, wants } from "@playspawn/shared";
import { z } from "zod";

export const Health = z.strictObject({
  status: z.enum(["healthy", "unhealthy"]),
  troubles: z.array(z.string()).optional(),
  /** What this node can do, as its control plane is told it, once that is known; for who asks. */
  abilities: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

export const HealthQuery = z.strictObject({ abilities: z.literal("1").optional() });

export const ServerId = z.string().regex(idPattern("srv"), "must be a server's id, such as srv_01jd…");
export const ServerParams = z.strictObject({ id: ServerId });

const { shape } = Game;
const PublicPort = z.number().int().min(1024).max(65_535);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits");

const DeployPort = z.strictObject({
  protocol: z.enum(["tcp", "udp"]),
  container: z.number().int().min(1).max(65_535),
  public: z
    .union([PublicPort, z.enum(["auto", "none"])])
    .default("auto")
    .describe(
      "What players dial; `auto` takes a free one of the node's range. `none` is for the agent alone, e.g. for RCON.",
    ),
});

export const Deploy = z.strictObject({
  server_id: ServerId.optional().describe("Asked for again with the same id, the server is changed to what is said."),
  game: shape.id.default("custom").describe("A short name, for people."),
  image: z
    .union([z.string().min(1).max(512), z.strictObject({ context: sha256 })])
    .describe("A reference, or the SHA-256 of build files that were put to /contexts."),
  ports: z.record(z.string(), DeployPort).describe("By name; the first public one is what `public_port` tells."),
  environment: shape.environment,
  entrypoint: shape.entrypoint,
  command: z.array(z.string().min(1).max(1000)).max(60).optional().describe("Instead of the image's own arguments."),
  volumes: shape.volumes,
  cpu: shape.cpu.default(1).describe("Cores."),
  memory_mb: z.number().int().min(6).max(999_999).default(1024).describe("MiB."),
  user: shape.user,
  profile: shape.profile,
  readiness: shape.readiness.optional().describe("Default: the first TCP port answers, or the game prints a line."),
  save: shape.save,
  stop: shape.stop.default({ signal: "SIGTERM", limitSeconds: 30 }),
  players: shape.players,
  asleep: shape.asleep,
  want: z.enum(wants).exclude(["absent"]).default("auto"),
  idle_seconds: IdleSeconds.default(900),
  wake: z.boolean().default(true).describe("Start it once it is there; with `want: auto` it sleeps by itself later."),
  wait_seconds: z.number().int().min(0).max(600).default(300).describe("For its containers to be there."),
});
export type Deploy = z.infer<typeof Deploy>;

export const Deployed = z.strictObject({
  server_id: z.string(),
  game_container_id: z.string().nullable().describe("null while it is not there yet."),
  proxy_container_id: z.string().nullable().describe("The holder's: the container that owns the server's network."),
  network_name: z.string(),
  public_port: z.number().int(),
  ports: z.record(z.string(), z.number().int()).describe("Every public port by its name."),
  status: z.enum(haves),
});
export type Deployed = z.infer<typeof Deployed>;

export const Kicked = z.strictObject({ server_id: z.string(), status: z.enum(haves) });
export const Removed = z.strictObject({ server_id: z.string(), status: z.enum(["deleted", "deleting"]) });
export const RemoveQuery = z.strictObject({
  purge: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .describe("Delete its files as well; otherwise a server deployed with the same id finds its world again."),
});

export const LogsQuery = z.strictObject({
  tail: z.coerce.number().int().min(0).max(10_000).default(100).describe("How many of the newest lines."),
});

export const KeepAwake = z.strictObject({
  seconds: z.number().int().min(1).max(300).describe("From now on; ask again before they are over."),
});
export const KeptAwake = z.strictObject({
  seconds: z.number().int().describe("Granted: fewer than asked for at the end of six hours, then none."),
});

export const Stats = ServerStats;
export const Report = z.strictObject({
  controller: z.string().nullable().describe("The control plane that decides what is here; null: whoever deploys."),
  servers: z.array(StatusItem),
});

export const Claim = z.strictObject({
  controller: z.string().regex(idPattern("inst")).describe("The control plane's installation id."),
  run: z.string().regex(idPattern("run")).describe("Its process: of two processes the second is refused."),
});
export const Claimed = z.strictObject({ session: z.string() });
export const SessionParams = z.strictObject({ id: z.string().regex(idPattern("ses")) });
export const CloseQuery = z.strictObject({ code: z.coerce.number().int().min(1000).max(4999).default(1000) });
export const ContextParams = z.strictObject({ sha256 });
