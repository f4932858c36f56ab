/** A backup comes in pieces, is checked whole, and lies ready for the next start. */
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { AppError, messageOf, newSecret, type Ports } from "@playspawn/shared";
import type { Manifest } from "@playspawn/shared/node/backup/format.ts";
import { readBackup } from "@playspawn/shared/node/backup/read.ts";
import { stagedBackup, stagedFolder, turnFile } from "@playspawn/shared/node/backup/staged.ts";
import type { Log } from "../log.ts";
import { writeFlushed } from "./files.ts";
import { migrationsOf } from "./restore.ts";

export type StagingState =
  | { state: "receiving"; bytes: number }
  | { state: "checking" }
  | { state: "restarting" }
  | { state: "failed"; detail: string };

export interface Staging {
  /** Makes room for a backup of `bytes`; one that came before is given up. Answers what the pieces are sent to. */
  begin(bytes: number): Promise<{ upload: string }>;
  /** The next piece. @throws AppError conflict for one that does not follow on what is there */
  piece(upload: string, offset: number, bytes: Buffer): Promise<void>;
  /**
   * Checks all of it, then ends the process so that the next start restores it. What fails is told by `state`.
   * `reserve` keeps the installation new until what it answers is called; what it throws is thrown.
   */
  check(upload: string, passphrase: string | undefined, reserve: () => () => void): void;
  state(upload: string): Promise<StagingState>;
}

export interface StagingDeps {
  dataDir: string;
  ports: Ports;
  log: Log;
  /** Everything is checked: this process is to end and to be started again. */
  restart(): void;
}

const reserveBytes = 256 * 1024 ** 2;

interface Present {
  upload: string;
  expected: number;
  received: number;
  state: StagingState | null;
  busy: boolean;
}

export function createStaging(deps: StagingDeps): Staging {
  const { dataDir, ports, log } = deps;
  const folder = stagedFolder(dataDir);
  let present: Present | undefined;
  const requirePresent = (upload: string): Present => {
    if (present?.upload === upload) return present;
    throw new AppError("not_found", "This upload is over, or another one has begun since. Begin again.");
  };
  const isBusy = (): boolean => present?.state?.state === "checking" || present?.state?.state === "restarting";
  return {
    async begin(bytes) {
      if (isBusy()) throw new AppError("conflict", "A backup is being restored already. Wait for its end.");
      present = undefined;
      await makeRoom(folder, bytes);
      await (await open(stagedBackup(dataDir), "wx", 0o600)).close();
      const upload = newSecret(ports.rng);
      present = { upload, expected: bytes, received: 0, state: null, busy: false };
      return { upload };
    },
    async piece(upload, offset, bytes) {
      const one = requirePresent(upload);
      if (one.busy || one.state !== null || offset !== one.received || offset + bytes.length > one.expected)
        throw new AppError("conflict", `The next piece begins at byte ${one.received} of ${one.expected}.`);
      one.busy = true;
      try {
        await writeAt(stagedBackup(dataDir), offset, bytes);
        one.received += bytes.length;
      } finally {
        one.busy = false;
      }
    },
    check(upload, passphrase, reserve) {
      const one = requirePresent(upload);
      if (one.received !== one.expected)
        throw new AppError("conflict", `Only ${one.received} of ${one.expected} bytes have arrived.`);
      if (isBusy()) return;
      const release = reserve();
      one.state = { state: "checking" };
      verify(one, passphrase, deps).catch((error: unknown) => {
        release();
        if (!(error instanceof AppError)) log.error({ err: error }, "an uploaded backup could not be checked");
        one.state = { state: "failed", detail: error instanceof AppError ? messageOf(error) : unexpected };
      });
    },
    async state(upload) {
      const failed = await readFile(join(folder, "failed"), "utf8").catch(() => undefined);
      if (failed !== undefined) return { state: "failed", detail: failed };
      const one = requirePresent(upload);
      return one.state ?? { state: "receiving", bytes: one.received };
    },
  };
}

const unexpected = "The backup could not be checked; the log of the control plane says why.";

async function makeRoom(folder: string, bytes: number): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes + reserveBytes) return;
  const way = "Free some space, or restore to another disk.";
  throw new AppError("disk_full", `The disk of the data folder is too small for this backup. ${way}`);
}

async function writeAt(file: string, offset: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.write(bytes, 0, bytes.length, offset);
  } finally {
    await handle.close();
  }
}

/** Every byte is read before anything ends. */
async function verify(one: Present, passphrase: string | undefined, { dataDir, restart }: StagingDeps): Promise<void> {
  const source = createReadStream(stagedBackup(dataDir), { highWaterMark: 1024 ** 2 });
  const fits = { manifest: (manifest: Manifest): void => void migrationsOf(manifest) };
  const { keys } = await readBackup(source, { passphrase }, fits);
  const turn = turnFile(dataDir, "control-plane");
  await writeFlushed(`${turn}.new`, JSON.stringify({ keys: keys?.toString("hex") ?? null }));
  await rename(`${turn}.new`, turn);
  one.state = { state: "restarting" };
  restart();
}
