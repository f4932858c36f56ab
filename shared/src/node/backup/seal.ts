/**
 * A stream under a passphrase: chunks of AES-256-GCM whose nonces count them and mark the last one (STREAM, Hoang et al.
 * 2015), so that chunks can be neither changed, left out, swapped nor cut off. The key is derived by scrypt.
 */
import { createCipheriv, createDecipheriv, createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { Transform } from "node:stream";
import { promisify } from "node:util";
import { AppError } from "../../domain/errors.ts";
import type { Rng } from "../../ports/ports.ts";

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

const magic = Buffer.from("PSBACKUP1\n");
const saltBytes = 16;
const checkBytes = 16;
const prefixBytes = 7;
const tagBytes = 16;
const keyBytes = 32;
const chunkBytes = 64 * 1024;
/** 2^17 blocks of 1 KiB: 128 MiB and about half a second. */
const costLog2 = 17;
export const headerBytes = magic.length + saltBytes + 1 + prefixBytes + checkBytes;

interface Header {
  salt: Buffer;
  prefix: Buffer;
  /** Everything before the check. */
  bound: Buffer;
  check: Buffer;
}

export const isSealed = (head: Buffer): boolean => head.subarray(0, magic.length).equals(magic);

/** Both halves: what encrypts, and what proves the passphrase. */
async function keysOf(passphrase: string, salt: Buffer): Promise<Buffer> {
  const cost = { N: 2 ** costLog2, r: 8, p: 1, maxmem: 256 * 1024 ** 2 };
  return await derive(passphrase.normalize("NFC"), salt, 2 * keyBytes, cost);
}

const checkOf = (keys: Buffer, bound: Buffer): Buffer =>
  createHmac("sha256", keys.subarray(keyBytes)).update(bound).digest().subarray(0, checkBytes);

/** The file's first bytes, and the stream that encrypts what follows. */
export async function seal(passphrase: string, rng: Rng): Promise<{ header: Buffer; stream: Transform }> {
  const salt = Buffer.from(rng.bytes(saltBytes));
  const prefix = Buffer.from(rng.bytes(prefixBytes));
  const bound = Buffer.concat([magic, salt, Buffer.from([costLog2]), prefix]);
  const keys = await keysOf(passphrase, salt);
  const header = Buffer.concat([bound, checkOf(keys, bound)]);
  return { header, stream: chunked(chunkBytes, cryptor("seal", keys, { prefix, bound })) };
}

/** Of a sealed file's first `headerBytes`. @throws AppError backup_unusable for a wrong passphrase */
export async function keysFor(head: Buffer, passphrase: string): Promise<Buffer> {
  const { salt, bound, check } = parse(head);
  const keys = await keysOf(passphrase, salt);
  if (!timingSafeEqual(checkOf(keys, bound), check))
    throw new AppError("backup_unusable", "The passphrase is not the one that this backup was made with.");
  return keys;
}

/** Decrypts what follows the header. It errs with AppError backup_unusable. */
export const unseal = (head: Buffer, keys: Buffer): Transform =>
  chunked(chunkBytes + tagBytes, cryptor("open", keys, parse(head)));

function parse(head: Buffer): Header {
  if (head.length < headerBytes || !isSealed(head)) throw damaged();
  const salt = head.subarray(magic.length, magic.length + saltBytes);
  const cost = head[magic.length + saltBytes];
  if (cost !== costLog2)
    throw new AppError("backup_unusable", "This backup was sealed by a newer Playspawn. Restore it with that version.");
  const end = headerBytes - checkBytes;
  return {
    salt,
    prefix: head.subarray(end - prefixBytes, end),
    bound: head.subarray(0, end),
    check: head.subarray(end, headerBytes),
  };
}

const damaged = (): AppError =>
  new AppError(
    "backup_unusable",
    "The backup is damaged or cut off: a part of it is not what was written. Use another copy.",
  );

type Cryptor = (chunk: Buffer, index: number, isLast: boolean) => Buffer;

function cryptor(verb: "seal" | "open", keys: Buffer, { prefix, bound }: Pick<Header, "prefix" | "bound">): Cryptor {
  const key = keys.subarray(0, keyBytes);
  const nonceOf = (index: number, isLast: boolean): Buffer => {
    if (index >= 2 ** 32) throw new AppError("backup_unusable", "The backup is larger than 256 TiB.");
    const nonce = Buffer.alloc(12);
    prefix.copy(nonce);
    nonce.writeUInt32BE(index, prefixBytes);
    nonce[11] = isLast ? 1 : 0;
    return nonce;
  };
  if (verb === "seal")
    return (chunk, index, isLast) => {
      const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index, isLast)).setAAD(bound);
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    };
  return (chunk, index, isLast) => {
    if (chunk.length < tagBytes) throw damaged();
    const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(index, isLast), { authTagLength: tagBytes })
      .setAAD(bound)
      .setAuthTag(chunk.subarray(chunk.length - tagBytes));
    try {
      return Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - tagBytes)), decipher.final()]);
    } catch {
      throw damaged();
    }
  };
}

/** Hands on pieces of `size` bytes; the last one, of 0 to `size`, is known as the last. */
function chunked(size: number, work: Cryptor): Transform {
  let waiting: Buffer[] = [];
  let bytes = 0;
  let index = 0;
  const take = (): Buffer => {
    const all = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting);
    const rest = all.subarray(size);
    waiting = rest.length > 0 ? [rest] : [];
    bytes = rest.length;
    return all.subarray(0, size);
  };
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      waiting.push(part);
      bytes += part.length;
      try {
        // One piece stays back: only the end tells whether it is the last.
        while (bytes > size) this.push(work(take(), index++, false));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        this.push(work(take(), index, true));
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
