/** The ground: the data folder with its lock and its two databases, the bus, and the facts that everything else is given. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import { type Bus, createBus } from "./bus/bus.ts";
import { openDatabase } from "./db/db.ts";
import { lockFolder } from "./db/lock.ts";
import { migrate } from "./db/migrate.ts";
import { coreMigrations, telemetryMigrations } from "./db/migrations.ts";
import type { Ending } from "./ending.ts";
import { installationId } from "./installation.ts";
import type { Log } from "./log.ts";

export interface Foundation {
  ports: Ports;
  log: Log;
  /** Truth. */
  db: Knex;
  /** Samples; may be lost. */
  telemetry: Knex;
  bus: Bus;
  /** The installation's id. */
  installation: string;
  /** Aborts when the process is on its way out, with an AppError that says so. */
  stopping: AbortSignal;
}

const stoppingError = (): AppError =>
  new AppError("not_ready", "The control plane is stopping. Try again in a moment.");

/** @throws FolderInUseError, NewerDatabaseError, or the system's error when the folder cannot be written */
export async function openFoundation(
  { dataDir, ports, log }: { dataDir: string; ports: Ports; log: Log },
  ending: Ending,
): Promise<Foundation> {
  const stopping = new AbortController();
  ending.onStop(() => stopping.abort(stoppingError()));
  const folder = join(dataDir, "control-plane");
  await mkdir(join(dataDir, "run"), { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  ending.onClose(lockFolder(join(folder, "lock")));
  const db = openDatabase({ path: join(folder, "core.db"), durability: "full" });
  ending.onClose(() => db.destroy());
  await migrate(db, { path: join(folder, "core.db"), migrations: coreMigrations, clock: ports.clock });
  const telemetry = openDatabase({ path: join(folder, "telemetry.db"), durability: "normal" });
  ending.onClose(() => telemetry.destroy());
  await migrate(telemetry, { path: join(folder, "telemetry.db"), migrations: telemetryMigrations, clock: ports.clock });
  const installation = await installationId(db, ports);
  return { ports, log, db, telemetry, bus: createBus(log), installation, stopping: stopping.signal };
}
