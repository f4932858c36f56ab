/** The ground: the data folder with its lock and its two databases, the bus, and the facts that everything else is given. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, ConfigError, type Ports } from "@playspawn/shared";
import { unfinishedFault } from "@playspawn/shared/node/backup/unfinished.ts";
import { applyStaged } from "./backup/apply.ts";
import { type Bus, createBus } from "./bus/bus.ts";
import { type Databases, openDatabases } from "./db/databases.ts";
import { lockFolder } from "./db/lock.ts";
import type { DatabaseInUseError } from "./db/postgres-errors.ts";
import type { Ending } from "./ending.ts";
import { installationId } from "./installation.ts";
import type { Log } from "./log.ts";

export interface Foundation extends Databases {
  ports: Ports;
  log: Log;
  bus: Bus;
  /** The installation's id. */
  installation: string;
  /** Aborts when the process is on its way out, with an AppError that says so. */
  stopping: AbortSignal;
  /** Settles when another control plane has taken the database: this process must end. */
  lost: Promise<DatabaseInUseError>;
}

export interface FoundationOptions {
  dataDir: string;
  databaseUrl: string | null;
  ports: Ports;
  log: Log;
}

const stoppingError = (): AppError =>
  new AppError("not_ready", "The control plane is stopping. Try again in a moment.");

/** @throws FolderInUseError, what `openDatabases` throws, or the system's error when the folder cannot be written */
export async function openFoundation(options: FoundationOptions, ending: Ending): Promise<Foundation> {
  const { dataDir, ports, log } = options;
  const stopping = new AbortController();
  ending.onStop(() => stopping.abort(stoppingError()));
  const folder = join(dataDir, "control-plane");
  await mkdir(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fault = unfinishedFault(dataDir);
  if (fault) throw new ConfigError([fault]);
  ending.onClose(lockFolder(join(folder, "lock")));
  await applyStaged(options);
  const { promise: lost, resolve: onLost } = Promise.withResolvers<DatabaseInUseError>();
  const { db, telemetry } = await openDatabases({ ...options, folder, onLost }, ending);
  const installation = await installationId(db, ports);
  return { ports, log, db, telemetry, bus: createBus(log), installation, stopping: stopping.signal, lost };
}
