/** The agent's part of a backup that was uploaded: who this node is, what it knew, and its servers' files. */
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError, ConfigError, type Timers } from "@playspawn/shared";
import { mendAgent } from "@playspawn/shared/node/backup/agent-state.ts";
import { type Opener, readBackup } from "@playspawn/shared/node/backup/read.ts";
import { isTurnOf, stagedBackup, stagedFolder, turnOf } from "@playspawn/shared/node/backup/staged.ts";
import { planter } from "@playspawn/shared/node/backup/tree.ts";
import type { Logger } from "pino";
import { removeTree } from "./lib/remove-tree.ts";
import { type Identity, readIdentity } from "./link/identity.ts";

/** A backup waits for the next start of this agent. */
export class RestoreWaits extends Error {
  override readonly name = "RestoreWaits";
  override readonly message = "A backup is to be restored: the agent starts again to take its part.";
}

const lookEveryMs = 2000;

/** Rejects as soon as the control plane has handed the turn on. */
export function restoreWaits(dataDir: string, timers: Timers): { waits: Promise<never>; end(): void } {
  const { promise: waits, reject } = Promise.withResolvers<never>();
  waits.catch(() => undefined);
  const end = timers.every(lookEveryMs, () => isTurnOf(dataDir, "agent") && reject(new RestoreWaits()));
  return { waits, end };
}

const isOurs = /^agent\/(?:(?:node|driven|images|state)\.json|log\.jsonl|servers\/srv_[a-z0-9]{1,40}(?:\/.*)?)$/s;

interface RestoreDeps {
  dataDir: string;
  log: Logger;
  /** Takes away what another node had on this host. */
  clear(former: Identity): Promise<void>;
}

/** Until it is all in its place each start does it again: no server begins before that. @throws ConfigError, or the disk's error */
export async function applyRestore(deps: RestoreDeps): Promise<void> {
  const { dataDir } = deps;
  const opener = await turnOf(dataDir, "agent");
  if (opener)
    await take(opener, deps).catch((error: unknown) => Promise.reject(withWayOut(error, stagedFolder(dataDir))));
}

/** The upload is kept: it was whole when it was checked, and the disk may be read better the next time. */
const withWayOut = (error: unknown, staged: string): unknown =>
  error instanceof AppError
    ? new ConfigError([
        `The servers' files of the uploaded backup are not restored. ${error.message} The next start tries again; the upload lies in ${staged}. If it stays so, stop Playspawn and restore another copy with playspawn backup restore --replace.`,
      ])
    : error;

async function take(opener: Opener, { dataDir, log, clear }: RestoreDeps): Promise<void> {
  const folder = join(dataDir, "agent");
  const beside = join(folder, ".restoring");
  await rm(beside, { recursive: true, force: true });
  await mkdir(join(beside, "agent", "servers"), { recursive: true, mode: 0o700 });
  const { plant, flush, leftOut } = planter({ root: beside, owners: "kept" });
  const source = createReadStream(stagedBackup(dataDir), { highWaterMark: 1024 ** 2 });
  const { contents } = await readBackup(source, opener, {
    async entry(entry, body) {
      if (isOurs.test(entry.path.toString("latin1"))) await plant(entry, body);
    },
  });
  await mendAgent(join(beside, "agent"));
  await flush();
  const servers = await readdir(join(beside, "agent", "servers"));
  await mkdir(join(folder, "servers"), { recursive: true, mode: 0o700 });
  await putInPlace(join(beside, "agent", "servers"), join(folder, "servers"));
  const former = await readIdentity(join(folder, "node.json")).catch(() => null);
  const restored = await readIdentity(join(beside, "agent", "node.json"));
  if (former && former.nodeId !== restored?.nodeId)
    await clear(former).catch((error: unknown) => log.warn({ err: error }, "the network of the new node is left over"));
  // Who it was has no more say: neither its state nor its log may be taken for the restored one's.
  for (const name of ["node.json", "driven.json", "state.json", "log.jsonl", "images.json"])
    await rm(join(folder, name), { force: true });
  await rm(join(beside, "agent", "servers"), { recursive: true });
  await putInPlace(join(beside, "agent"), folder);
  // With the upload goes the only other copy.
  await flush();
  await rm(beside, { recursive: true, force: true });
  await rm(stagedFolder(dataDir), { recursive: true, force: true });
  for (const sentence of [...contents.notes, ...leftOut]) log.warn(sentence);
  log.info({ servers: servers.length }, "the node of a backup is restored");
}

async function putInPlace(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    await removeTree(join(to, name));
    await rename(join(from, name), join(to, name));
  }
}
