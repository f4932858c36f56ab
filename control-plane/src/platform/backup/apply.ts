/** At a start: the control plane's part of a backup that was uploaded and checked before this process began. */
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, ConfigError, messageOf, type Ports } from "@playspawn/shared";
import { isTurnOf, stagedBackup, stagedFolder, turnFile, turnOf } from "@playspawn/shared/node/backup/staged.ts";
import type { Log } from "../log.ts";
import { flushFolder, writeFlushed } from "./files.ts";
import { extractTo, loadServer } from "./restore.ts";

export interface ApplyOptions {
  dataDir: string;
  databaseUrl: string | null;
  ports: Ports;
  log: Log;
}

/**
 * Until the turn is over each start does all of it again, so that a death in the middle leaves nothing half, and a
 * database that is away or a full disk costs no second upload. A backup that cannot be restored at all is said on the
 * set-up page, and the installation stays as new as it was.
 * @throws whatever keeps this start from it and perhaps not the next one
 */
export async function applyStaged(options: ApplyOptions): Promise<void> {
  const { dataDir, log } = options;
  const opener = await turnOf(dataDir, "control-plane");
  if (!opener) return await lookAtUpload(options);
  const folder = join(dataDir, "control-plane");
  const beside = join(folder, ".restoring");
  try {
    await rm(beside, { recursive: true, force: true });
    await mkdir(beside, { mode: 0o700 });
    const source = createReadStream(stagedBackup(dataDir), { highWaterMark: 1024 ** 2 });
    const progress = (line: string): void => log.info({ step: line }, "restoring a backup");
    const { manifest } = await extractTo(beside, { ...options, source, opener, progress, parts: "control-plane" });
    const load = { ...options, manifest, progress, replace: true, marked: true };
    if (options.databaseUrl !== null) await loadServer(beside, options.databaseUrl, load);
    await exchange(folder, beside);
    log.info({ installation: manifest.installation, servers: manifest.servers.length }, "a backup is restored");
    const games = join(folder, "restored-games");
    if (existsSync(games)) log.warn(`games of your own were in it: start with PLAYSPAWN_GAMES_DIR=${games}`);
    if (manifest.node !== null) log.info(waitsForAgent(dataDir));
    await passOn(dataDir, manifest.node !== null);
  } catch (error) {
    log.error({ err: error }, "the uploaded backup is not restored");
    if (!(error instanceof AppError && error.code === "backup_unusable")) throw stillThere(error, dataDir);
    await rm(stagedFolder(dataDir), { recursive: true, force: true });
    await mkdir(stagedFolder(dataDir), { mode: 0o700 });
    await writeFlushed(join(stagedFolder(dataDir), "failed"), messageOf(error));
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** One that no check has ended is deleted: its page begins again. One that waits for the agent may wait for ever. */
async function lookAtUpload({ dataDir, log }: ApplyOptions): Promise<void> {
  if (isTurnOf(dataDir, "agent")) log.warn(waitsForAgent(dataDir));
  else if (existsSync(stagedBackup(dataDir))) await rm(stagedFolder(dataDir), { recursive: true, force: true });
}

const waitsForAgent = (dataDir: string): string =>
  `the servers' files of the backup wait for the agent of this machine, which takes them when it starts; until then the upload and what opens it lie in ${stagedFolder(dataDir)}: where no agent is to run, delete that folder`;

/** What an operator can mend, with the way out; all else stays as it is. */
const stillThere = (error: unknown, dataDir: string): unknown =>
  error instanceof AppError
    ? new ConfigError([
        `The uploaded backup is not restored yet. ${error.message} The next start tries again; to give it up, delete ${stagedFolder(dataDir)}.`,
      ])
    : error;

/** The new installation's database holds no account: set-up was reserved before the turn was written. */
async function exchange(folder: string, beside: string): Promise<void> {
  for (const name of await readdir(folder))
    if (/^(core|telemetry)\.db/.test(name)) await rm(join(folder, name), { force: true });
  for (const name of await readdir(join(beside, "control-plane"))) {
    await rm(join(folder, name), { recursive: true, force: true });
    await rename(join(beside, "control-plane", name), join(folder, name));
  }
  if (existsSync(join(beside, "games"))) {
    await rm(join(folder, "restored-games"), { recursive: true, force: true });
    await rename(join(beside, "games"), join(folder, "restored-games"));
  }
  await flushFolder(folder);
}

/** The turn is the agent's, or it is all done. */
async function passOn(dataDir: string, toAgent: boolean): Promise<void> {
  if (toAgent) await rename(turnFile(dataDir, "control-plane"), turnFile(dataDir, "agent"));
  else await rm(stagedFolder(dataDir), { recursive: true, force: true });
}
