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
