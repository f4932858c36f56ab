/** Why the control plane could not start, and whether another try may help. */
import { ConfigError, messageOf } from "@playspawn/shared";
import { FolderInUseError } from "./platform/db/lock.ts";
import { NewerDatabaseError } from "./platform/db/migrate.ts";
import { DatabaseAwayError, DatabaseUnusableError } from "./platform/db/postgres-errors.ts";
import { ListenError } from "./platform/http/listen.ts";
import { isDiskFull } from "./platform/http/problem.ts";

/** A fault of configuration: the launcher prints it and does not start us again. */
const exitMisconfigured = 78;

export interface StartFault {
  sentences: readonly string[];
  exitCode: number;
}

/** What an operator can mend, as sentences; undefined for our own mistakes, which show their stack. */
export function startFault(error: unknown): StartFault | undefined {
  // It may be on its way up, as after a restart of the machine: whatever watches over us starts us again.
  if (error instanceof DatabaseAwayError) return { sentences: [`${error.message}. It is tried again.`], exitCode: 1 };
  const sentences = misconfigured(error);
  return sentences && { sentences, exitCode: exitMisconfigured };
}

function misconfigured(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigError) return error.faults;
  const known = [NewerDatabaseError, FolderInUseError, DatabaseUnusableError, ListenError];
  if (known.some((kind) => error instanceof kind)) return [messageOf(error)];
  if (isDiskFull(error)) return ["The disk that holds PLAYSPAWN_DATA_DIR is full. Free some space and start again."];
  const { code = "", path } = error as NodeJS.ErrnoException;
  const where = path === undefined ? "" : ` (${path})`;
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "SQLITE_CANTOPEN", "SQLITE_READONLY"].includes(code))
    return [
      `The data folder cannot be written${where}: ${messageOf(error)}. Set PLAYSPAWN_DATA_DIR to a folder of this user.`,
    ];
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return ["The database in the data folder is damaged. Put back a backup, or the newest core.db.before-… beside it."];
  return undefined;
}
