/** Structured logs on stdout, one JSON object a line. Secrets never reach them: no body and no header is ever logged. */
import { pino, type Logger } from "pino";

export type Log = Logger;

/** Field names that are blanked wherever an object with them is logged by mistake. */
const secretFields = ["password", "token", "accessToken", "secret", "authorization", "cookie", "setupUrl"];

/** How deep the causes of an error are followed. */
const causesMax = 5;

/** What an error says of itself. Its other fields are left out: they may be sockets and whole requests. */
function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  const told = { type: name, message, ...(code === undefined ? {} : { code }), stack };
  return cause === undefined || depth >= causesMax ? told : { ...told, cause: describe(cause, depth + 1) };
}

/** `level` is pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLog(level: string, destination?: { write(line: string): void }): Log {
  const options = {
    level,
    base: { program: "control-plane" },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[secret]" },
    serializers: { err: (error: unknown) => describe(error) },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}

export const silentLog: Log = pino({ level: "silent" });
