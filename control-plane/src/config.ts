/** The only reader of the environment. Reports every fault at once, each as a sentence that names the variable. */
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { resolve } from "node:path";
import { ConfigError, LogLevel, defaultRouteDevice, isHost, messageOf } from "@playspawn/shared";
import { secretRoute } from "@playspawn/shared/node/secret-route.ts";
import { z } from "zod";
import { NodeSecret, NodeUrl } from "./hosting/nodes/node-address.ts";
import { Email, passwordFault } from "./people/users/credentials.ts";
import { originFault } from "./platform/http/cors.ts";
import { proxyFault } from "./platform/http/peer.ts";
import { readTls, type TlsFiles } from "./platform/http/tls.ts";
import { type FailpointName, failpointNames } from "./platform/failpoints.ts";
import { type LogFormat, logFormats } from "./platform/log.ts";

export interface Config {
  dataDir: string;
  /** `postgresql://…`, with its password; null keeps the data in files of SQLite. */
  databaseUrl: string | null;
  logLevel: string;
  /** Null: `pretty` where stdout is a terminal, else `json`. */
  logFormat: LogFormat | null;
  failpoint: FailpointName | undefined;
  host: string;
  port: number;
  /** A second port with the same application, where people look for dashboards; 0 is off. */
  webPort: number;
  publicUrl: URL;
  admin: { email: string; password: string } | null;
  gamesDir: string;
  devLogin: boolean;
  /** How long the trash keeps a server. */
  trashDays: number;
  /** Certificate and key for both ports; null speaks plain HTTP. */
  tls: TlsFiles | null;
  /** Addresses and subnets whose X-Forwarded-For and X-Forwarded-Proto count. */
  trustedProxies: readonly string[];
  /** Of pages elsewhere that may use the API with a bearer token. */
  corsOrigins: readonly string[];
  /** Write a join token for a node on this machine to `<data>/run/join-token`. */
  localNode: boolean;
  /** A node that this control plane dials: the one of `NODE_URL` and `NODE_SECRET`. */
  node: { name: string; url: string; secret: string } | null;
  /** What scrapers elsewhere read `/metrics` with; null lets only this machine read them. */
  metricsToken: string | null;
  /** Seconds for which `/readyz` says no before the process stops, so that a load balancer looks elsewhere first. */
  drainSeconds: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const port = (fallback: number, min: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d{1,5}$/.test(text) && Number(text) >= min && Number(text) <= 65_535, {
      error: `must be a port number from ${min} to 65535`,
    })
    .transform(Number);

const flag = (fallback: boolean) =>
  z
    .enum(["1", "0", "true", "false", "on", "off", "yes", "no"], { error: "must be 1 or 0" })
    .default(fallback ? "1" : "0")
    .transform((text) => ["1", "true", "on", "yes"].includes(text));

/** Separated by commas; the first fault of an entry is told. */
const list = (faultOf: (entry: string) => string | undefined, what: string) =>
  z
    .string()
    .default("")
    .transform((text) =>
      text
        .split(",")
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
    .superRefine((entries, context) => {
      const fault = entries.map(faultOf).find((each) => each !== undefined);
      if (fault !== undefined)
        context.addIssue({ code: "custom", message: `must be ${what}, separated by commas: ${fault}` });
    });

const refused = (message: string) =>
  z
    .string()
    .optional()
    .refine((text) => text === undefined, { error: message });

const Environment = z.object({
  PLAYSPAWN_DATA_DIR: z.string().default(".playspawn"),
  PLAYSPAWN_LOG_LEVEL: LogLevel,
  PLAYSPAWN_LOG_FORMAT: z.enum(logFormats, { error: `must be one of ${logFormats.join(", ")}` }).optional(),
  PLAYSPAWN_FAILPOINT: z.enum(failpointNames, { error: `must be one of ${failpointNames.join(", ")}` }).optional(),
  PLAYSPAWN_HOST: z
    .string()
    .default("0.0.0.0")
    .refine(isHost, { error: "must be an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all" }),
  PLAYSPAWN_PORT: port(8000, 0),
  PLAYSPAWN_WEB_PORT: port(3000, 0),
  PLAYSPAWN_PUBLIC_URL: z
    .string()
    .refine(isPlainHttpUrl, { error: "must be a plain address such as https://play.example.org, without a path" })
    .optional(),
  PLAYSPAWN_ADMIN_EMAIL: Email.optional(),
  PLAYSPAWN_ADMIN_PASSWORD: z
    .string()
    .check((context) => {
      const fault = passwordFault(context.value);
      if (fault) context.issues.push({ code: "custom", message: fault, input: "(not shown)" });
    })
    .optional(),
  PLAYSPAWN_GAMES_DIR: z.string().default("games"),
  PLAYSPAWN_DEV_LOGIN: flag(false),
  PLAYSPAWN_TRASH_DAYS: z
    .string()
    .default("30")
    .refine((text) => /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 3650, {
      error: "must be a number of days from 1 to 3650",
    })
    .transform(Number),
  PLAYSPAWN_LOCAL_NODE: flag(true),
  NODE_URL: NodeUrl.refine(isSecretRoute, {
    error: "must begin with https for a public or link-local address, or its secret would travel unencrypted",
  }).optional(),
  NODE_SECRET: NodeSecret.optional(),
  PLAYSPAWN_TLS_CERT_FILE: z.string().optional(),
  PLAYSPAWN_TLS_KEY_FILE: z.string().optional(),
  PLAYSPAWN_TRUSTED_PROXIES: list(proxyFault, "addresses and subnets such as 127.0.0.1 or 10.0.0.0/8"),
  PLAYSPAWN_CORS_ORIGINS: list(originFault, "origins such as https://shop.example.org"),
  PLAYSPAWN_METRICS_TOKEN: z
    .string()
    .refine((text) => /^[\w.~+/=-]{16,512}$/.test(text), {
      error: "must be 16 to 512 letters, digits and ._~+/=-, as a bearer token is",
    })
    .optional(),
  PLAYSPAWN_DRAIN_SECONDS: z
    .string()
    .default("0")
    .refine((text) => /^\d{1,3}$/.test(text) && Number(text) <= 300, {
      error: "must be a number of seconds from 0 to 300",
    })
    .transform(Number),
  DATABASE_URL: z
    .string()
    .check((context) => {
      const fault = databaseUrlFault(context.value);
      if (fault) context.issues.push({ code: "custom", message: fault, input: "(not shown)" });
    })
    .optional(),
  REDIS_URL: refused("is set, but this version runs without Redis: unset it"),
});

/** Secrets may also come from the file that `<NAME>_FILE` names. */
const fromFile = [
  "PLAYSPAWN_ADMIN_EMAIL",
  "PLAYSPAWN_ADMIN_PASSWORD",
  "PLAYSPAWN_METRICS_TOKEN",
  "NODE_SECRET",
  "DATABASE_URL",
  "REDIS_URL",
] as const;

/**
 * @param repoDir what relative paths start from
 * @param env the process's own, but in tests
 * @throws ConfigError with every fault
 */
export function readConfig(repoDir: string, env: Env = process.env): Config {
  const faults: string[] = [];
  const parsed = Environment.safeParse(collect(env, faults));
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}.`));
  const has = (name: string): boolean => Boolean(env[name] || env[`${name}_FILE`]);
  if (has("PLAYSPAWN_ADMIN_EMAIL") !== has("PLAYSPAWN_ADMIN_PASSWORD"))
    faults.push("PLAYSPAWN_ADMIN_EMAIL and PLAYSPAWN_ADMIN_PASSWORD must be set together, or neither.");
  if (env["NODE_URL"] && !has("NODE_SECRET"))
    faults.push("NODE_URL is set without NODE_SECRET: set it to the secret that the agent there was started with.");
  const games = env["PLAYSPAWN_GAMES_DIR"];
  if (games && !existsSync(resolve(repoDir, games)))
    faults.push(`PLAYSPAWN_GAMES_DIR is ${games}, which is not there: name a folder of games.`);
  faults.push(...tlsFaults(env, repoDir));
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  return toConfig(parsed.data, repoDir);
}

/** Both files or neither, and a pair that can be used. */
function tlsFaults(env: Env, repoDir: string): string[] {
  const files = tlsFiles(env, repoDir);
  const one = env["PLAYSPAWN_TLS_CERT_FILE"] || env["PLAYSPAWN_TLS_KEY_FILE"];
  if (!files)
    return one ? ["PLAYSPAWN_TLS_CERT_FILE and PLAYSPAWN_TLS_KEY_FILE must be set together, or neither."] : [];
  const faults = /^http:/i.test(env["PLAYSPAWN_PUBLIC_URL"] ?? "")
    ? ["PLAYSPAWN_PUBLIC_URL must begin with https, because PLAYSPAWN_TLS_CERT_FILE is set."]
    : [];
  try {
    readTls(files);
  } catch (error) {
    faults.push(messageOf(error));
  }
  return faults;
}

function tlsFiles(
  env: { PLAYSPAWN_TLS_CERT_FILE?: string | undefined; PLAYSPAWN_TLS_KEY_FILE?: string | undefined },
  repoDir: string,
): TlsFiles | null {
  const { PLAYSPAWN_TLS_CERT_FILE: cert, PLAYSPAWN_TLS_KEY_FILE: key } = env;
  return cert && key ? { certFile: resolve(repoDir, cert), keyFile: resolve(repoDir, key) } : null;
}

/** The variables that are set; an empty one counts as not set. */
function collect(env: Env, faults: string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const name of Object.keys(Environment.shape)) if (env[name]) values[name] = env[name];
  // The name that other programs know, too.
  if (env["LOG_FORMAT"]) values["PLAYSPAWN_LOG_FORMAT"] ??= env["LOG_FORMAT"];
  for (const name of fromFile) {
    const path = env[`${name}_FILE`];
    if (!path) continue;
    if (values[name] !== undefined) faults.push(`${name} and ${name}_FILE are both set: keep one of them.`);
    try {
      values[name] = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      faults.push(`${name}_FILE cannot be read: ${messageOf(error)}.`);
    }
  }
  return values;
}

function toConfig(env: z.infer<typeof Environment>, repoDir: string): Config {
  const tls = tlsFiles(env, repoDir);
  const protocol = tls ? "https" : "http";
  return {
    dataDir: resolve(repoDir, env.PLAYSPAWN_DATA_DIR),
    databaseUrl: env.DATABASE_URL ?? null,
    logLevel: env.PLAYSPAWN_LOG_LEVEL,
    logFormat: env.PLAYSPAWN_LOG_FORMAT ?? null,
    failpoint: env.PLAYSPAWN_FAILPOINT,
    host: env.PLAYSPAWN_HOST,
    port: env.PLAYSPAWN_PORT,
    webPort: env.PLAYSPAWN_WEB_PORT,
    publicUrl: new URL(env.PLAYSPAWN_PUBLIC_URL ?? `${protocol}://${defaultRouteAddress()}:${env.PLAYSPAWN_PORT}`),
    admin:
      env.PLAYSPAWN_ADMIN_EMAIL !== undefined && env.PLAYSPAWN_ADMIN_PASSWORD !== undefined
        ? { email: env.PLAYSPAWN_ADMIN_EMAIL, password: env.PLAYSPAWN_ADMIN_PASSWORD }
        : null,
    gamesDir: resolve(repoDir, env.PLAYSPAWN_GAMES_DIR),
    devLogin: env.PLAYSPAWN_DEV_LOGIN,
    trashDays: env.PLAYSPAWN_TRASH_DAYS,
    localNode: env.PLAYSPAWN_LOCAL_NODE,
    node:
      env.NODE_URL !== undefined && env.NODE_SECRET !== undefined
        ? { name: new URL(env.NODE_URL).hostname.slice(0, 60), url: env.NODE_URL, secret: env.NODE_SECRET }
        : null,
    tls,
    trustedProxies: env.PLAYSPAWN_TRUSTED_PROXIES,
    corsOrigins: env.PLAYSPAWN_CORS_ORIGINS,
    metricsToken: env.PLAYSPAWN_METRICS_TOKEN ?? null,
    drainSeconds: env.PLAYSPAWN_DRAIN_SECONDS,
  };
}

/** Never quotes the address: a password stands in it. */
function databaseUrlFault(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text))
    return "must be an address of PostgreSQL such as postgresql://user:password@host:5432/database";
  if (!URL.canParse(text) || !isDecodable(text))
    return "cannot be read: write special characters of the password as %40 for @, %3A for :, %2F for /, %23 for #, %25 for %";
  if (new URL(text).pathname.length < 2) return "names no database: end it with /playspawn or whatever yours is called";
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== "";
  } catch {
    return false;
  }
}

/** Names are looked up when they are dialled. */
function isSecretRoute(text: string): boolean {
  try {
    secretRoute(new URL(text));
    return true;
  } catch {
    return false;
  }
}

function isPlainHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.pathname === "/" && !url.search && !url.hash && !url.username && !url.password;
  return ["http:", "https:"].includes(url.protocol) && plain;
}

/** This machine's address on its default route, the one other machines most likely reach; 127.0.0.1 without a route. */
function defaultRouteAddress(): string {
  try {
    const device = defaultRouteDevice(readFileSync("/proc/net/route", "utf8")) ?? "";
    return (networkInterfaces()[device] ?? []).find(({ family }) => family === "IPv4")?.address ?? "127.0.0.1";
  } catch {
    return "127.0.0.1";
  }
}

/** What a backup needs to know of an installation; the rest may be wrong. */
export function readBackupPlace(repoDir: string, env: Env = process.env) {
  const faults: string[] = [];
  const set = collect(env, faults);
  const { PLAYSPAWN_DATA_DIR: dataDir = ".playspawn", PLAYSPAWN_GAMES_DIR: gamesDir, DATABASE_URL: databaseUrl } = set;
  const fault = databaseUrl === undefined ? undefined : databaseUrlFault(databaseUrl);
  if (fault) faults.push(`DATABASE_URL ${fault}.`);
  if (faults.length > 0) throw new ConfigError(faults);
  const games = gamesDir === undefined ? null : resolve(repoDir, gamesDir);
  return {
    dataDir: resolve(repoDir, dataDir),
    databaseUrl: databaseUrl ?? null,
    gamesDir: games === resolve(repoDir, "games") ? null : games,
    agentUrl: `http://127.0.0.1:${env["PLAYSPAWN_AGENT_PORT"] || "8001"}`,
  };
}

/** The server on which tests make databases of their own, as its administrator; null runs them on files. */
export const testDatabaseUrl = (): string | null => process.env["PLAYSPAWN_TEST_DATABASE_URL"] || null;
