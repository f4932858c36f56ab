/** The program behind `playspawn backup create|restore`; in Compose the service `backup`. Its own exit codes are those of the command line. */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError, ConfigError, messageOf } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { readBackupPlace } from "./config.ts";
import { createCommand, restoreCommand, type Terminal } from "./platform/backup/command.ts";
import { NewerDatabaseError } from "./platform/db/migrate.ts";
import { DatabaseAwayError, DatabaseUnusableError } from "./platform/db/postgres-errors.ts";
import { isDiskFull } from "./platform/http/problem.ts";

const usage = `Usage: playspawn backup create [FILE] [--passphrase-file FILE] [--force] [--no-servers] [--data-dir DIR] [--json] [--quiet]
       playspawn backup restore FILE [--passphrase-file FILE] [--replace] [--data-dir DIR] [--json] [--quiet]`;

const options = {
  "data-dir": { type: "string" },
  "passphrase-file": { type: "string" },
  "no-servers": { type: "boolean", default: false },
  force: { type: "boolean", default: false },
  replace: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  quiet: { type: "boolean", short: "q", default: false },
} as const;

const repoDir = join(import.meta.dirname, "../..");

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [verb, file, ...more] = positionals;
  if ((verb !== "create" && verb !== "restore") || more.length > 0 || (verb === "restore" && file === undefined)) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  const found = readBackupPlace(repoDir);
  const dataDir = values["data-dir"] === undefined ? found.dataDir : resolve(values["data-dir"]);
  const place = { ...found, dataDir, ports: systemPorts };
  const terminal: Terminal = {
    stdin: process.stdin,
    stdout: process.stdout,
    say: (line) => void (values.quiet || process.stderr.write(`${line}\n`)),
    signal,
  };
  const { "passphrase-file": passphraseFile, "no-servers": without, json, force, replace } = values;
  if (verb === "create")
    await createCommand(place, { file: file ?? ".", passphraseFile, force, servers: !without, json }, terminal);
  else await restoreCommand(place, { file: file!, passphraseFile, replace, json }, terminal);
  return 0;
}

/** What an operator can mend is said in sentences; undefined for our own mistakes. */
function sentenceOf(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.faults.join("\n");
  if ([AppError, NewerDatabaseError, DatabaseAwayError, DatabaseUnusableError].some((kind) => error instanceof kind))
    return messageOf(error);
  if (isDiskFull(error)) return "The disk is full. Free some space, or write the backup to another disk.";
  const { code = "", path } = error as NodeJS.ErrnoException;
  if (code.startsWith("ERR_PARSE_ARGS")) return `${messageOf(error)}\n${usage}`;
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return "The database in the data folder is damaged.";
  if (/^E[A-Z]+$/.test(code)) return `${path ?? "A file"} cannot be used: ${messageOf(error)}.`;
  return undefined;
}

/** Those of the command line; what is not here is a failure, 1. */
const exitOf: Record<string, number> = { invalid_request: 2, forbidden: 4, not_found: 5, disk_full: 6 };
const exitInterrupted = 130;

function exitCodeOf(error: unknown): number {
  const { code = "" } = error as { code?: string };
  if (code.startsWith("ERR_PARSE_ARGS")) return exitOf["invalid_request"]!;
  return exitOf[isDiskFull(error) ? "disk_full" : code] ?? 1;
}

process.umask(0o077);
const interrupt = new AbortController();
// The first one takes away what is half done, a second one ends the process as it is.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupt.abort());
try {
  process.exitCode = await main(process.argv.slice(2), interrupt.signal);
} catch (error) {
  const isInterrupted = error instanceof Error && error.name === "AbortError";
  const sentence = isInterrupted ? "Interrupted: nothing is left of it." : sentenceOf(error);
  process.stderr.write(`playspawn: ${sentence ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exitCode = isInterrupted ? exitInterrupted : exitCodeOf(error);
}
