/** The only reader of the environment in scripts/. The programs check their own values; here stands what start itself needs. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { localControlUrl } from "@playspawn/shared";
import { repository } from "./lib/paths.ts";

export interface StartConfig {
  dataDir: string;
  /** Where the data is, unless it is in files of the data folder; with its password. */
  databaseUrl: string | undefined;
  host: string;
  port: number;
  /** 0: the dashboard's second port is off. */
  webPort: number;
  agentPort: number;
  controlUrl: string;
  /** With `--node`: a secret is set and no control plane to join, so that one will dial this node. */
  isDriven: boolean;
  dockerHost: string | undefined;
  admin: { email: string; password: string } | undefined;
  /** The whole environment, handed on to the programs. */
  environment: NodeJS.ProcessEnv;
}

const defaultSocket = "unix:///var/run/docker.sock";

/** A value that is no port is left to the program that owns it: it says so in its own words. */
const port = (text: string | undefined, otherwise: number): number => {
  const value = Number(text);
  return text && Number.isInteger(value) && value >= 0 && value <= 65_535 ? value : otherwise;
};

/** One that is empty counts as not set, here as in the programs. */
const withoutEmpty = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name, value]) => value || !name.startsWith("PLAYSPAWN_")));

/** The variable itself, or what the file says that `<name>_FILE` names. A file that cannot be read is told by its program. */
function valueOf(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = environment[`${name}_FILE`];
  if (environment[name] || !file) return environment[name];
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

export function startConfig(given: NodeJS.ProcessEnv = process.env): StartConfig {
  const environment = withoutEmpty(given);
  const { DOCKER_HOST: dockerHost } = environment;
  const email = valueOf(environment, "PLAYSPAWN_ADMIN_EMAIL");
  const databaseUrl = valueOf(environment, "DATABASE_URL") || undefined;
  const password = valueOf(environment, "PLAYSPAWN_ADMIN_PASSWORD");
  const isJoining = ["PLAYSPAWN_CONTROL_URL", "PLAYSPAWN_JOIN_TOKEN", "PLAYSPAWN_JOIN_TOKEN_FILE"].some(
    (name) => environment[name],
  );
  return {
    dataDir: resolve(environment.PLAYSPAWN_DATA_DIR ?? `${repository}/.playspawn`),
    databaseUrl,
    host: environment.PLAYSPAWN_HOST ?? "0.0.0.0",
    port: port(environment.PLAYSPAWN_PORT, 8000),
    webPort: port(environment.PLAYSPAWN_WEB_PORT, 3000),
    agentPort: port(environment.PLAYSPAWN_AGENT_PORT, 8001),
    controlUrl: environment.PLAYSPAWN_CONTROL_URL ?? localControlUrl(environment),
    isDriven: !isJoining && ["PLAYSPAWN_NODE_SECRET", "NODE_SECRET"].some((name) => valueOf(environment, name)),
    dockerHost: dockerHost === defaultSocket ? undefined : dockerHost,
    admin: email && password ? { email, password } : undefined,
    environment,
  };
}

const secrets = [
  "DATABASE_URL",
  "REDIS_URL",
  "PLAYSPAWN_ADMIN_EMAIL",
  "PLAYSPAWN_ADMIN_PASSWORD",
  "PLAYSPAWN_METRICS_TOKEN",
];

/** What the programs of a node need not know. */
export const withoutSecrets = (given: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(given).filter(([name]) => !secrets.includes(name.replace(/_FILE$/, ""))));

/** For programs that only need the machine's environment. */
export const environment = (): NodeJS.ProcessEnv => process.env;
