/** What the programs' readers of their environment have in common. */
import { z } from "zod";

/** What an operator has to mend before a program can start, one sentence each: it ends with 78 and is not tried again. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.faults = faults;
  }
}

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

export const LogLevel = z.enum(logLevels, { error: `must be one of ${logLevels.join(", ")}` }).default("info");

type Env = Readonly<Record<string, string | undefined>>;

/** Where the control plane of this machine is reached from this machine, whoever else reaches it how. */
export function localControlUrl(env: Env): string {
  const isSecure = Boolean(env["PLAYSPAWN_TLS_CERT_FILE"]);
  // A certificate is for a name, which this machine's own address has not.
  if (isSecure && env["PLAYSPAWN_PUBLIC_URL"]) return env["PLAYSPAWN_PUBLIC_URL"];
  return listenerUrl({ host: env["PLAYSPAWN_HOST"] || "0.0.0.0", port: env["PLAYSPAWN_PORT"] || 8000, isSecure });
}

/** Where a program of this machine that listens on `host` is reached from here. */
export function listenerUrl({ host, port, isSecure }: { host: string; port: number | string; isSecure: boolean }) {
  const reached = ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
  return `${isSecure ? "https" : "http"}://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}
