/** Structured logs on stdout, one JSON object a line. Secrets never reach them: no body and no header is ever logged. */
import { pino, type Logger } from "pino";

export type Log = Logger;

/** Field names that are blanked wherever an object with them is logged by mistake. */
const secretFields = ["password", "token", "accessToken", "secret", "authorization", "cookie", "setupUrl"];

/** `level` is pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: { program: "control-plane" },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[secret]" },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

export const silentLog: Log = pino({ level: "silent" });
