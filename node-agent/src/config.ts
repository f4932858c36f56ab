/** The only reader of the agent's environment. Reports every fault at once, each as a sentence that names the variable. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import {
  ConfigError,
  LogLevel,
  Memory,
  defaultRouteDevice,
  isHost,
  localControlUrl,
  messageOf,
} from "@playspawn/shared";
import { isPrivate } from "@playspawn/shared/node/secret-route.ts";
import { z } from "zod";
import { failpointNames } from "./failpoints.ts";
import { parseAllowed, type EgressAllowed } from "./net/egress.ts";
import { defaultImageAllow, isImagePattern } from "./runtime/image-policy.ts";
import { parseSubnet } from "./net/subnet.ts";

export interface Config {
  dataDir: string;
  logLevel: string;
  failpoint: string | undefined;
  controlUrl: string;
  /** It was named. One that was not is of this machine: it may be on its way up, and writes the token itself. */
  isControlElsewhere: boolean;
  /** Of the agent's own HTTP API. */
  agentPort: number;
  /** Public ports that servers may be given. */
  portRange: { from: number; to: number };
  /** The most that one server may have; null: as much as it asks for. */
  serverMemoryBytesMax: number | null;
  subnet: string | undefined;
  /** What games may reach besides the internet. */
  egressAllow: EgressAllowed[];
  /** Patterns of image repositories that this node runs. */
  imageAllow: string[];
  /** `relay`: the door carries every player's packets; `auto`: the kernel does where it can. */
  path: "auto" | "relay";
  /** `auto`: a firewall of this machine that keeps players from the door's ports is opened for them; `off`: it is only told. */
  firewall: "auto" | "off";
  nodeName: string;
  /** What players dial. */
  nodeAddress: string;
  dockerHost: string;
  /** How long a server is awake at least after a wake, in seconds. */
  minAwakeSeconds: number;
  /** How long a console that is read keeps its server awake, in seconds. */
  consoleAwakeSeconds: number;
  /** How long a sleeper stays in each tier, in seconds. */
  holdSeconds: { paused: number; deep: number; held: number };
  /** Memory that is kept for those who play, bytes; null: a twentieth of it, 256 MiB at least. */
  memoryReserveBytes: number | null;
  /** Swap in compressed memory that the agent sets up, bytes; null: none. */
  zramBytes: number | null;
  /** The token to join with, read anew each time; undefined while there is none. */
  joinToken(): Promise<string | undefined>;
  /** Where people are told to put one. */
  joinTokenHint: string;
  /** Opens the HTTP API, beside the secret that a node gets when it joins. */
  nodeSecret: string | undefined;
  /** Joins no control plane: whoever has the secret deploys over the HTTP API, or drives this node over it. */
  driven: boolean;
  /** Joins after all where a control plane keeps its data in the same folder. */
  looksBeside: boolean;
  /** Certificate of the HTTP API; null for plain HTTP. */
  agentTls: { certFile: string; keyFile: string } | null;
}

/** Three weeks: less than the longest wait of one timer. */
const holdSecondsMax = 21 * 24 * 3600;

type Env = Readonly<Record<string, string | undefined>>;

const whole = (fallback: number, min: number, max: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

const PortRange = z
  .string()
  .default("20000-29999")
  .transform((text) => {
    const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? [];
    return { from: Number(from ?? 0), to: Number(to ?? 0) };
  })
  .refine(({ from, to }) => from >= 1024 && to <= 65_535 && from <= to, {
    error: "must be two port numbers from 1024 to 65535, the smaller first, such as 20000-29999",
  });

/** Parts of a list, at commas and spaces. */
const listed = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

const EgressNetwork = z.string().transform((text, context) => {
  const allowed = parseAllowed(text);
  if (allowed) return allowed;
  const message = `has ${JSON.stringify(text)}, which is neither an IPv4 network nor an address, such as 10.0.5.0/24 or 192.168.1.20:5432`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const ImagePattern = z.string().refine(isImagePattern, {
  error: ({ input }) =>
    `has ${JSON.stringify(input)}, which is no pattern of repositories such as docker.io/itzg/*, and not the word builds`,
});

/** The GSP document's name means the same, but beside `NODE_URL`: the two are of a control plane on this machine. */
const secretNames = ["PLAYSPAWN_NODE_SECRET", "NODE_SECRET"] as const;
const Secret = z
  .string()
  .min(32, { error: "must have at least 32 characters" })
  .max(200, { error: "must have at most 200 characters" })
  .regex(/^[\x21-\x7e]+$/, { error: "must be printable ASCII without spaces" })
  .optional();

/** As the control plane reads them. */
const yes = ["1", "true", "on", "yes"] as const;
const no = ["0", "false", "off", "no"] as const;

const Environment = z.object({
  PLAYSPAWN_DATA_DIR: z.string().default(".playspawn"),
  PLAYSPAWN_LOG_LEVEL: LogLevel,
  PLAYSPAWN_FAILPOINT: z.enum(failpointNames, { error: `must be one of ${failpointNames.join(", ")}` }).optional(),
  PLAYSPAWN_CONTROL_URL: z
    .string()
    .refine(isHttpUrl, { error: "must be an http or https address such as https://play.example.org" })
    .optional(),
  /** Whether this machine has a control plane of its own, which is joined in any case; `auto`: as the data folder says. */
  PLAYSPAWN_LOCAL_NODE: z.enum([...yes, ...no, "auto"], { error: "must be 1, 0 or auto" }).default("0"),
  /** Of the control plane: where it is looked for on this machine. */
  PLAYSPAWN_PORT: whole(8000, 0, 65_535),
  PLAYSPAWN_AGENT_PORT: whole(8001, 0, 65_535),
  PLAYSPAWN_PORT_RANGE: PortRange,
  PLAYSPAWN_SERVER_MEMORY_MAX: Memory.optional(),
  PLAYSPAWN_SUBNET: z
    .string()
    .refine((text) => parseSubnet(text) !== undefined && isPrivate(text.split("/")[0]!), {
      error: "must be a private subnet such as 10.213.0.0/22",
    })
    .optional(),
  PLAYSPAWN_EGRESS_ALLOW: z.string().default("").transform(listed).pipe(z.array(EgressNetwork).max(100)),
  PLAYSPAWN_IMAGE_ALLOW: z
    .string()
    .default(defaultImageAllow.join(","))
    .transform(listed)
    .pipe(z.array(ImagePattern).max(200)),
  PLAYSPAWN_PATH: z.enum(["auto", "relay"], { error: "must be auto or relay" }).default("auto"),
  PLAYSPAWN_FIREWALL: z.enum(["auto", "off"], { error: "must be auto or off" }).default("auto"),
  PLAYSPAWN_NODE_NAME: z
    .string()
    .max(60, { error: "must have at most 60 characters" })
    .default(hostname().slice(0, 60)),
  PLAYSPAWN_NODE_ADDRESS: z
    .string()
    .refine(isHost, { error: "must be an address or a host name that players can dial" })
    .optional(),
  PLAYSPAWN_JOIN_TOKEN: z.string().max(200).optional(),
  PLAYSPAWN_JOIN_TOKEN_FILE: z.string().optional(),
  PLAYSPAWN_NODE_SECRET: Secret,
  NODE_SECRET: Secret,
  PLAYSPAWN_AGENT_TLS_CERT_FILE: z.string().optional(),
  PLAYSPAWN_AGENT_TLS_KEY_FILE: z.string().optional(),
  PLAYSPAWN_MIN_AWAKE_SECONDS: whole(60, 0, 86_400),
  PLAYSPAWN_CONSOLE_AWAKE_SECONDS: whole(1800, 0, 86_400),
  PLAYSPAWN_HOLD_PAUSED_SECONDS: whole(60, 0, holdSecondsMax),
  PLAYSPAWN_HOLD_DEEP_SECONDS: whole(3600, 0, holdSecondsMax),
  PLAYSPAWN_HOLD_HELD_SECONDS: whole(82_800, 0, holdSecondsMax),
  PLAYSPAWN_MEMORY_RESERVE: Memory.optional(),
  PLAYSPAWN_ZRAM: Memory.optional(),
  DOCKER_HOST: z
    .string()
    .default("unix:///var/run/docker.sock")
    .refine((text) => /^(unix:\/\/\/|\/|tcp:\/\/|http:\/\/)/.test(text), {
      error: "must be a socket such as unix:///var/run/docker.sock or an address such as tcp://127.0.0.1:2375",
    }),
});

/**
 * @param repoDir what relative paths start from
 * @throws ConfigError with every fault
 */
export function readConfig(repoDir: string, env: Env = process.env): Config {
  const unreadable: string[] = [];
  const set: Record<string, string> = Object.fromEntries(
    Object.keys(Environment.shape).flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
  );
  for (const name of secretNames) readSecretFile(name, env, set, unreadable);
  if (env["NODE_URL"]) delete set["NODE_SECRET"];
  const parsed = Environment.safeParse(set);
  const faults = [
    ...unreadable,
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${String(path[0])} ${message}.`),
  ];
  if (set["PLAYSPAWN_JOIN_TOKEN"] && set["PLAYSPAWN_JOIN_TOKEN_FILE"])
    faults.push("PLAYSPAWN_JOIN_TOKEN and PLAYSPAWN_JOIN_TOKEN_FILE are both set: keep one of them.");
  if (Boolean(set["PLAYSPAWN_AGENT_TLS_CERT_FILE"]) !== Boolean(set["PLAYSPAWN_AGENT_TLS_KEY_FILE"]))
    faults.push("PLAYSPAWN_AGENT_TLS_CERT_FILE and PLAYSPAWN_AGENT_TLS_KEY_FILE must be set together, or neither.");
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  return toConfig(parsed.data, repoDir, {
    controlUrl: set["PLAYSPAWN_CONTROL_URL"] ?? localControlUrl(env),
    isControlElsewhere: set["PLAYSPAWN_CONTROL_URL"] !== undefined,
    driven: isDriven(parsed.data, set),
  });
}

/** `<NAME>_FILE` names a file with the secret in it. */
function readSecretFile(name: string, env: Env, set: Record<string, string>, faults: string[]): void {
  const path = env[`${name}_FILE`];
  if (!path) return;
  if (set[name]) faults.push(`${name} and ${name}_FILE are both set: keep one of them.`);
  try {
    set[name] = readFileSync(path, "utf8").trim();
  } catch (error) {
    faults.push(`${name}_FILE cannot be read: ${messageOf(error)}.`);
  }
}

/** A secret, and nobody to join. */
const isDriven = (env: z.infer<typeof Environment>, set: Env): boolean =>
  (env.PLAYSPAWN_NODE_SECRET ?? env.NODE_SECRET) !== undefined &&
  !yes.some((word) => word === env.PLAYSPAWN_LOCAL_NODE) &&
  !set["PLAYSPAWN_CONTROL_URL"] &&
  !set["PLAYSPAWN_JOIN_TOKEN"] &&
  !set["PLAYSPAWN_JOIN_TOKEN_FILE"];

function toConfig(
  env: z.infer<typeof Environment>,
  repoDir: string,
  { controlUrl, isControlElsewhere, driven }: Pick<Config, "controlUrl" | "isControlElsewhere" | "driven">,
): Config {
  const dataDir = resolve(repoDir, env.PLAYSPAWN_DATA_DIR);
  const file = env.PLAYSPAWN_JOIN_TOKEN_FILE ?? join(dataDir, "run", "join-token");
  const given = env.PLAYSPAWN_JOIN_TOKEN;
  const { PLAYSPAWN_AGENT_TLS_CERT_FILE: certFile, PLAYSPAWN_AGENT_TLS_KEY_FILE: keyFile } = env;
  return {
    dataDir,
    logLevel: env.PLAYSPAWN_LOG_LEVEL,
    failpoint: env.PLAYSPAWN_FAILPOINT,
    controlUrl,
    isControlElsewhere,
    agentPort: env.PLAYSPAWN_AGENT_PORT,
    portRange: env.PLAYSPAWN_PORT_RANGE,
    serverMemoryBytesMax: env.PLAYSPAWN_SERVER_MEMORY_MAX ?? null,
    subnet: env.PLAYSPAWN_SUBNET,
    egressAllow: env.PLAYSPAWN_EGRESS_ALLOW,
    imageAllow: env.PLAYSPAWN_IMAGE_ALLOW,
    path: env.PLAYSPAWN_PATH,
    firewall: env.PLAYSPAWN_FIREWALL,
    nodeName: env.PLAYSPAWN_NODE_NAME,
    nodeAddress: env.PLAYSPAWN_NODE_ADDRESS ?? defaultRouteAddress(),
    dockerHost: env.DOCKER_HOST,
    minAwakeSeconds: env.PLAYSPAWN_MIN_AWAKE_SECONDS,
    consoleAwakeSeconds: env.PLAYSPAWN_CONSOLE_AWAKE_SECONDS,
    holdSeconds: {
      paused: env.PLAYSPAWN_HOLD_PAUSED_SECONDS,
      deep: env.PLAYSPAWN_HOLD_DEEP_SECONDS,
      held: env.PLAYSPAWN_HOLD_HELD_SECONDS,
    },
    memoryReserveBytes: env.PLAYSPAWN_MEMORY_RESERVE ?? null,
    zramBytes: env.PLAYSPAWN_ZRAM ?? null,
    joinToken: async () => given ?? (await readTrimmed(file)),
    joinTokenHint: given
      ? "Make a new one in the dashboard under Nodes and set PLAYSPAWN_JOIN_TOKEN."
      : `Make a new one in the dashboard under Nodes and write it to ${file}, or set PLAYSPAWN_JOIN_TOKEN.`,
    nodeSecret: env.PLAYSPAWN_NODE_SECRET ?? env.NODE_SECRET,
    driven,
    looksBeside: env.PLAYSPAWN_LOCAL_NODE === "auto",
    agentTls: certFile && keyFile ? { certFile: resolve(repoDir, certFile), keyFile: resolve(repoDir, keyFile) } : null,
  };
}

async function readTrimmed(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, "utf8")).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

/** This machine's address on its default route, the one players most likely reach; 127.0.0.1 without a route. */
function defaultRouteAddress(): string {
  try {
    const device = defaultRouteDevice(readFileSync("/proc/net/route", "utf8")) ?? "";
    return (networkInterfaces()[device] ?? []).find(({ family }) => family === "IPv4")?.address ?? "127.0.0.1";
  } catch {
    return "127.0.0.1";
  }
}
