/** Reads a backup from its first byte to its last, and trusts none of them: what was not written like that is refused. */
import { createHash, type Hash } from "node:crypto";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { extract, type Headers } from "tar-stream";
import type { z } from "zod";
import { AppError, messageOf } from "../../domain/errors.ts";
import {
  Contents,
  contentsName,
  documentBytesMax,
  type Entry,
  type EntryType,
  formatVersion,
  Manifest,
  manifestName,
  mayBeLink,
  partOf,
  pathBytesMax,
  summary,
  unusable,
  type Part,
} from "./format.ts";
import { headerBytes, isSealed, keysFor, unseal } from "./seal.ts";

export interface Visitor {
  manifest?(manifest: Manifest): Promise<void> | void;
  /** Takes the body whole, or not at all. */
  entry?(entry: Entry, body: AsyncIterable<Buffer>): Promise<void>;
}

/** What opens a sealed backup: its passphrase, or the keys that were derived from it before. */
export type Opener = { passphrase: string | undefined } | { keys: Buffer };

export interface Read {
  manifest: Manifest;
  contents: Contents;
  /** Of a sealed one. */
  keys: Buffer | null;
}

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Of a tar's own records between two entries. */
const recordsBytesMax = 1024 ** 2;
const entriesMax = 50_000_000;
const fileBytesMax = 16 * 1024 ** 4;

/** @throws AppError backup_unusable with what is wrong; what the visitor throws */
export async function readBackup(source: Readable, opener: Opener, visitor: Visitor): Promise<Read> {
  try {
    const { head, rest } = await begin(source);
    const keys = isSealed(head) ? await keysOf(head, opener) : null;
    if (!keys && !head.subarray(0, zstdMagic.length).equals(zstdMagic)) throw noBackup();
    const reader = new Reader(visitor);
    const tar = extract();
    const guard = guarded();
    tar.on("entry", () => guard.reset());
    const input = keys ? head.subarray(headerBytes) : head;
    const bytes = joined(input, rest);
    const decoders = keys ? [unseal(head, keys), createZstdDecompress()] : [createZstdDecompress()];
    const fed = pipeline([bytes, ...decoders, guard.stream, tar] as unknown as [Readable, Transform]);
    fed.catch(() => undefined);
    for await (const entry of decoded(tar)) {
      await reader.take(entry.header, guard.watched(decoded(entry as AsyncIterable<Buffer>)));
      entry.resume();
    }
    await fed.catch((error: unknown) => Promise.reject(asUnusable(error)));
    return { ...reader.end(), keys };
  } finally {
    source.destroy();
  }
}

/** What a decoder throws is the backup's fault; what the visitor throws passes by here as it is. */
async function* decoded<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw asUnusable(error);
  }
}

const noBackup = (): AppError => unusable("This file is not a backup of Playspawn.");

async function keysOf(head: Buffer, opener: Opener): Promise<Buffer> {
  if ("keys" in opener) return opener.keys;
  if (opener.passphrase === undefined)
    throw unusable("This backup is sealed with a passphrase. Give the passphrase that it was made with.");
  return await keysFor(head, opener.passphrase);
}

/** The first `headerBytes` at least, unless there are fewer. */
async function begin(source: Readable): Promise<{ head: Buffer; rest: AsyncIterator<Buffer> }> {
  const rest = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < headerBytes) {
    const next = await rest.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  if (head.length === 0) throw unusable("This file is empty, and no backup.");
  return { head, rest };
}

async function* joined(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  for (;;) {
    const next = await rest.next();
    if (next.done) return;
    yield next.value;
  }
}

/** Nobody may fill the memory with a name that is longer than any. */
function guarded() {
  let since = 0;
  const stream = new Transform({
    readableHighWaterMark: 0,
    transform(piece: Buffer, _encoding, done) {
      since += piece.length;
      done(since > recordsBytesMax ? noBackup() : null, piece);
    },
  });
  return {
    stream,
    reset: () => void (since = 0),
    async *watched(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const piece of body) {
        since = 0;
        yield piece;
      }
    },
  };
}

function asUnusable(error: unknown): Error {
  const { code = "", syscall } = error as NodeJS.ErrnoException;
  // Of the disk that the backup is read from.
  if (error instanceof AppError || syscall !== undefined) return error as Error;
  if (
    ["ZSTD", "ERR_ZSTD", "Z_"].some((prefix) => code.startsWith(prefix)) ||
    /unexpected end|tar|premature/i.test(messageOf(error))
  )
    return unusable("The backup is damaged or cut off. Use another copy.", error);
  return error as Error;
}

class Reader {
  readonly #visitor: Visitor;
  #manifest: Manifest | undefined;
  #contents: Contents | undefined;
  #parts: Part[] = [];
  #names = new Set<string>();
  #hash: Hash | undefined;
  #entries = 0;

  constructor(visitor: Visitor) {
    this.#visitor = visitor;
  }

  async take(headers: Headers, body: AsyncIterable<Buffer>): Promise<void> {
    if (this.#contents) throw unusable("Something follows the end of this backup. Use another copy.");
    if (!this.#manifest) return await this.#begin(headers, body);
    if (headers.name === contentsName) {
      this.#contents = await document(Contents, headers, body);
      return;
    }
    if (++this.#entries > entriesMax) throw unusable(`The backup has more than ${entriesMax} entries.`);
    await this.#entry(entryOf(headers), body);
  }

  async #begin(headers: Headers, body: AsyncIterable<Buffer>): Promise<void> {
    if (headers.name !== manifestName) throw noBackup();
    const manifest = await document(Manifest, headers, body);
    if (manifest.version > formatVersion)
      throw unusable(
        `This backup is of format ${manifest.version}, made by Playspawn ${manifest.playspawn}; this Playspawn reads up to ${formatVersion}. Restore it with that version or a newer one.`,
      );
    this.#manifest = manifest;
    await this.#visitor.manifest?.(manifest);
  }

  async #entry(entry: Entry, body: AsyncIterable<Buffer>): Promise<void> {
    const name = partOf(entry.path);
    if (this.#parts.at(-1)?.name !== name) {
      this.#endPart();
      if (this.#names.has(name)) throw damaged(name);
      this.#names.add(name);
      this.#parts.push({ name, entries: 0, bytes: 0, sha256: "" });
      this.#hash = createHash("sha256");
    }
    const part = this.#parts.at(-1)!;
    const hash = this.#hash!.update(summary(entry));
    part.entries++;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const piece of body) {
        part.bytes += piece.length;
        hash.update(piece);
        yield piece;
      }
    };
    const rest = counted();
    await this.#visitor.entry?.(entry, rest);
    for await (const _piece of rest);
  }

  #endPart(): void {
    const last = this.#parts.at(-1);
    if (last && this.#hash) last.sha256 = this.#hash.digest("hex");
    this.#hash = undefined;
  }

  end(): { manifest: Manifest; contents: Contents } {
    this.#endPart();
    if (!this.#manifest) throw noBackup();
    if (!this.#contents) throw unusable("The backup is cut off: its end is missing. Use another copy.");
    const said = new Map(this.#contents.parts.map((part) => [part.name, part]));
    for (const part of this.#parts) {
      const one = said.get(part.name);
      said.delete(part.name);
      if (!one || one.sha256 !== part.sha256 || one.entries !== part.entries || one.bytes !== part.bytes)
        throw damaged(part.name);
    }
    for (const name of said.keys()) throw damaged(name);
    return { manifest: this.#manifest, contents: this.#contents };
  }
}

const damaged = (part: string): AppError =>
  unusable(`The part ${part} of this backup is not what was written. Use another copy.`);

/** A small body, whole. */
export async function bytesOf(size: number, body: AsyncIterable<Buffer>): Promise<Buffer> {
  if (size > documentBytesMax) throw unusable("The backup is damaged: a part of it is far too large.");
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function document<T>(shape: z.ZodType<T>, headers: Headers, body: AsyncIterable<Buffer>): Promise<T> {
  const bytes = await bytesOf(headers.size ?? 0, body);
  try {
    return shape.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    // A newer one may have other fields; its version alone is asked of it.
    const version = versionOf(bytes);
    if (version > formatVersion)
      throw unusable(
        `This backup is of format ${version}; this Playspawn reads up to ${formatVersion}. Restore it with a newer version.`,
        cause,
      );
    throw unusable(`The backup is damaged: ${headers.name} makes no sense. Use another copy.`, cause);
  }
}

function versionOf(bytes: Buffer): number {
  try {
    return Number((JSON.parse(bytes.toString("utf8")) as { version?: unknown }).version) || 0;
  } catch {
    return 0;
  }
}

const types: readonly string[] = ["file", "directory", "symlink", "link"] satisfies EntryType[];

/** @throws AppError backup_unusable for what no backup of ours has */
function entryOf(headers: Headers): Entry {
  const pax = (headers as Headers & { pax?: Record<string, string> | null }).pax ?? {};
  const encoding = pax["PLAYSPAWN.raw"] === "1" ? "latin1" : "utf8";
  const type = headers.type ?? "file";
  if (!types.includes(type)) throw hostile(headers.name, `is a ${type}`);
  const path = Buffer.from(headers.name.replace(/\/$/, ""), encoding);
  if (!isSafe(path)) throw hostile(headers.name, "leads out of the backup");
  const size = headers.size ?? 0;
  const numbers = [size, headers.mode ?? 0, owner(pax["uid"], headers.uid), owner(pax["gid"], headers.gid)];
  if (numbers.some((one) => !Number.isSafeInteger(one) || one < 0) || size > fileBytesMax)
    throw hostile(headers.name, "has a size or an owner that no file has");
  const [, mode, uid, gid] = numbers as [number, number, number, number];
  const isLink = type === "symlink" || type === "link";
  if (isLink && !mayBeLink(path)) throw hostile(headers.name, "is a link where none may be");
  const target = isLink ? Buffer.from(headers.linkname ?? "", encoding) : null;
  if (target && (target.length === 0 || target.length > pathBytesMax || target.includes(0)))
    throw hostile(headers.name, "is a link to nothing");
  if (type === "link" && (!isSafe(target!) || !mayBeLink(target!) || partOf(target!) !== partOf(path)))
    throw hostile(headers.name, "is a link that leads out of its part");
  return {
    path,
    type: type as EntryType,
    mode: mode & 0o7777,
    uid,
    gid,
    mtime: Math.round(Number(pax["mtime"] ?? 0) * 1000) || 0,
    size,
    target,
    sparse: pax["PLAYSPAWN.sparse"] === "1",
  };
}

const owner = (record: string | undefined, field: number | undefined): number =>
  record === undefined ? (field ?? 0) : /^\d{1,10}$/.test(record) && Number(record) < 2 ** 32 - 1 ? Number(record) : -1;

const hostile = (name: string, how: string): AppError =>
  unusable(`${JSON.stringify(name.slice(0, 200))} ${how}: this is no backup that Playspawn made.`);

function isSafe(path: Buffer): boolean {
  const text = path.toString("latin1");
  const parts = text.split("/");
  return (
    path.length <= pathBytesMax &&
    !text.includes("\0") &&
    parts.every((part) => part !== "" && part !== "." && part !== ".." && part.length <= 255)
  );
}
