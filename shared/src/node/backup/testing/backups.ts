/** Backups as ours writes them, and as nobody does; for tests. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { zstdCompressSync } from "node:zlib";
import type { ExecutionContext } from "ava";
import { pack, type Headers } from "tar-stream";
import { systemRng } from "../../../ports/system.ts";
import { contentsName, type Entry, type Manifest, manifestName, summary } from "../format.ts";
import { type Opener, readBackup } from "../read.ts";
import { planter } from "../tree.ts";
import { backupWriter, documentEntry } from "../write.ts";

export const manifest: Manifest = {
  format: "playspawn-backup",
  version: 1,
  playspawn: "0.1.0",
  installation: "inst_1",
  createdAt: 1,
  database: "sqlite",
  migrations: [],
  rows: {},
  sequences: {},
  node: null,
  servers: [],
};

export async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-backup-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

export type Fill = (writer: Awaited<ReturnType<typeof backupWriter>>) => Promise<void>;

export async function made(fill: Fill, passphrase?: string): Promise<Buffer> {
  const out = new PassThrough();
  const all = buffer(out);
  const writer = await backupWriter({ out, manifest, passphrase, rng: systemRng });
  await fill(writer);
  await writer.finish();
  return Buffer.from(await all);
}

export const read = (bytes: Buffer, opener: Opener = { passphrase: undefined }, root?: string) => {
  const plant = root === undefined ? undefined : planter({ root, owners: "own" });
  // In pieces, as a network brings them.
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at += 7001) yield bytes.subarray(at, at + 7001);
  };
  return readBackup(Readable.from(pieces()), opener, plant ? { entry: plant.plant } : {});
};

export const refusal = (t: ExecutionContext, work: Promise<unknown>, message: RegExp) =>
  t.throwsAsync(work, { name: "AppError", code: "backup_unusable", message });

export const noise = (n: number): Buffer => {
  const pieces: Buffer[] = [];
  for (let i = 0; i * 32 < n; i++) pieces.push(createHash("sha256").update(String(i)).digest());
  return Buffer.concat(pieces).subarray(0, n);
};

/** A backup as nobody's writer makes it. */
export async function forged(
  entries: readonly { headers: Headers; body?: string }[],
  more: object = {},
): Promise<Buffer> {
  const tar = pack();
  const all = buffer(tar);
  tar.entry({ name: manifestName }, JSON.stringify({ ...manifest, ...more }));
  for (const { headers, body = "" } of entries) tar.entry(headers, body);
  const hash = createHash("sha256");
  for (const { headers, body = "" } of entries)
    hash.update(summary({ ...documentEntry(headers.name, body.length), mode: 0o644 } as Entry)).update(body);
  tar.entry({ name: contentsName }, JSON.stringify({ parts: [], notes: [] }));
  tar.finalize();
  return zstdCompressSync(await all);
}
