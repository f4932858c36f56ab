/** Writes a backup: entries in, a compressed and perhaps sealed file out, with no more of it in memory than a few pieces. */
import { createHash, type Hash } from "node:crypto";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import { pack, type Headers } from "tar-stream";
import type { Rng } from "../../ports/ports.ts";
import {
  contentsName,
  manifestName,
  notesMax,
  partOf,
  summary,
  type Entry,
  type Manifest,
  type Part,
} from "./format.ts";
import { seal } from "./seal.ts";

export interface BackupWriter {
  /** `body`: exactly `entry.size` bytes. Entries of one part follow each other. */
  add(entry: Entry, body?: Buffer | AsyncIterable<Buffer>): Promise<void>;
  /** A small document of ours. */
  document(path: string, bytes: Buffer): Promise<void>;
  /** Something was left out or changed under the copy. */
  note(sentence: string): void;
  readonly bytes: number;
  /** Ends the file; resolves when `out` has taken all of it. */
  finish(): Promise<{ parts: Part[]; notes: string[] }>;
  /** Gives up. */
  abort(error: Error): void;
}

export interface WriterOptions {
  out: Writable;
  manifest: Manifest;
  passphrase: string | undefined;
  rng: Rng;
  /** Gives up when it aborts. */
  signal?: AbortSignal;
}

export async function backupWriter({ out, manifest, passphrase, rng, signal }: WriterOptions): Promise<BackupWriter> {
  const tar = pack();
  const sealed = passphrase === undefined ? undefined : await seal(passphrase, rng);
  if (sealed) out.write(sealed.header);
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const done = pipeline([tar, compress, ...(sealed ? [sealed.stream] : []), out], signal ? { signal } : {});
  done.catch(() => undefined);
  const parts: Part[] = [];
  const notes: string[] = [];
  let hash: Hash | undefined;
  let bytes = 0;

  const write = async (entry: Entry, body: Buffer | AsyncIterable<Buffer>, seen: (piece: Buffer) => void) => {
    // When `out` fails tar is destroyed, and with it the entry that is under way; `done` knows what was first.
    if (compress.destroyed) return await done;
    const sink = tar.entry(headersOf(entry));
    if (entry.size === 0) return void sink.end();
    const source = Buffer.isBuffer(body) ? [body] : body;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        seen(piece);
        bytes += piece.length;
        yield piece;
      }
    };
    await pipeline(Readable.from(counted()), sink);
  };
  const endPart = (): void => {
    const last = parts.at(-1);
    if (last && hash) last.sha256 = hash.digest("hex");
    hash = undefined;
  };
  const add = async (entry: Entry, body: Buffer | AsyncIterable<Buffer> = Buffer.alloc(0)): Promise<void> => {
    const name = partOf(entry.path);
    if (parts.at(-1)?.name !== name) {
      endPart();
      if (parts.some((part) => part.name === name)) throw new Error(`the part ${name} is torn apart`);
      parts.push({ name, entries: 0, bytes: 0, sha256: "" });
      hash = createHash("sha256");
    }
    const part = parts.at(-1)!;
    part.entries++;
    part.bytes += entry.size;
    hash!.update(summary(entry));
    await write(entry, body, (piece) => void hash!.update(piece));
  };
  const plain = (path: string, content: Buffer): [Entry, Buffer, () => void] => [
    documentEntry(path, content.length),
    content,
    () => undefined,
  ];
  await write(...plain(manifestName, Buffer.from(JSON.stringify(manifest))));
  return {
    add,
    document: (path, content) => add(documentEntry(path, content.length), content),
    note(sentence) {
      if (notes.length < notesMax) notes.push(sentence);
      else if (notes.length === notesMax) notes.push("And more of the kind.");
    },
    get bytes() {
      return bytes;
    },
    async finish() {
      endPart();
      await write(...plain(contentsName, Buffer.from(JSON.stringify({ parts, notes }))));
      tar.finalize();
      await done;
      return { parts, notes };
    },
    abort: (error) => tar.destroy(error),
  };
}

export const documentEntry = (path: string, size: number): Entry => ({
  path: Buffer.from(path),
  type: "file",
  mode: 0o600,
  uid: 0,
  gid: 0,
  mtime: 0,
  size,
  target: null,
  sparse: false,
});

/** Names that are no UTF-8 are told byte by byte; numbers that a tar's own fields cannot hold stand in its records. */
function headersOf(entry: Entry): Headers {
  const raw = [entry.path, entry.target].some((name) => name && !Buffer.from(name.toString("utf8")).equals(name));
  const textOf = (name: Buffer): string => name.toString(raw ? "latin1" : "utf8");
  const pax: Record<string, string> = { mtime: String(entry.mtime / 1000) };
  if (entry.uid > 0o777_777) pax["uid"] = String(entry.uid);
  if (entry.gid > 0o777_777) pax["gid"] = String(entry.gid);
  if (raw) pax["PLAYSPAWN.raw"] = "1";
  if (entry.sparse) pax["PLAYSPAWN.sparse"] = "1";
  const headers: Headers & { pax: Record<string, string> } = {
    name: textOf(entry.path),
    type: entry.type,
    // With the bit of a plain file, which a tar does not hold: tar-stream takes a bare 0 for none, and puts its own there.
    mode: entry.mode | 0o100000,
    uid: Math.min(entry.uid, 0o777_777),
    gid: Math.min(entry.gid, 0o777_777),
    // The only use of Date is the type that tar-stream asks for.
    mtime: { getTime: () => entry.mtime } as Date,
    size: entry.size,
    pax,
  };
  if (entry.target) headers.linkname = textOf(entry.target);
  return headers;
}
