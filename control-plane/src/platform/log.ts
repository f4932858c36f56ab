/**
 * Structured logs on stdout, one JSON object a line, or words with colours for people at a terminal. Secrets never reach
 * them: no body, no query and no header is ever logged.
 */
import { type DestinationStream, pino, type Logger } from "pino";

export type Log = Logger;

export const logFormats = ["json", "pretty"] as const;
export type LogFormat = (typeof logFormats)[number];

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

/** What is short in the code is told by the names that collectors of logs expect. */
const fieldNames: Readonly<Record<string, string>> = { server: "server_id", node: "node_id" };

const renamed = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [fieldNames[name] ?? name, value]));

/** `level` is pino's: trace, debug, info, warn, error, fatal, silent. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: { component: "control-plane" },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[secret]" },
    serializers: { err: (error: unknown) => describe(error) },
    formatters: { level: (label: string) => ({ level: label }), log: renamed },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** The log of the process. @param format null: for people where stdout is a terminal, else JSON */
export async function openLog(level: string, format: LogFormat | null): Promise<Log> {
  const isPretty = format === "pretty" || (format === null && process.stdout.isTTY);
  if (!isPretty) return createLog(level);
  // Loaded by those who want it: most logs are read by programs.
  const { default: pretty } = await import("pino-pretty");
  return createLog(level, pretty({ ignore: "component", translateTime: "SYS:HH:MM:ss.l", sync: true }));
}

export const silentLog: Log = pino({ level: "silent" });
