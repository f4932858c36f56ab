/**
 * Messages of netlink and of its netfilter part, as bytes. Layouts: `man 7 netlink`, linux/netlink.h and
 * linux/netfilter/nfnetlink.h. Headers are in the machine's byte order, which is little-endian wherever Node 24 runs with
 * a container engine; ports and addresses are in the network's. Pure.
 */

export const netlinkFlags = { request: 1, acknowledge: 4, dump: 0x300 } as const;
export const messageTypes = { error: 2, done: 3 } as const;

const headerBytes = 16;
const netfilterBytes = 4;
const nested = 0x8000;
const typeMask = 0x3fff;

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** One attribute: its type, and its value or the attributes in it. */
export function attribute(type: number, value: Buffer | readonly Buffer[]): Buffer {
  const body = Buffer.isBuffer(value) ? value : Buffer.concat(value);
  const all = Buffer.alloc(aligned(4 + body.length));
  all.writeUInt16LE(4 + body.length, 0);
  all.writeUInt16LE(Buffer.isBuffer(value) ? type : type | nested, 2);
  body.copy(all, 4);
  return all;
}

export const u8 = (value: number): Buffer => Buffer.from([value]);
export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
/** Some attributes are in the machine's order. */
export function u32Own(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export interface Request {
  /** Of the subsystem: its number times 256, and the message's. */
  type: number;
  flags: number;
  sequence: number;
  /** `AF_INET`, say. */
  family: number;
  attributes: readonly Buffer[];
}

export function request({ type, flags, sequence, family, attributes }: Request): Buffer {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(headerBytes + netfilterBytes);
  head.writeUInt32LE(head.length + body.length, 0);
  head.writeUInt16LE(type, 4);
  head.writeUInt16LE(flags | netlinkFlags.request, 6);
  head.writeUInt32LE(sequence, 8);
  head.writeUInt8(family, headerBytes);
  return Buffer.concat([head, body]);
}

export interface Message {
  type: number;
  sequence: number;
  /** What comes after netlink's header. */
  body: Buffer;
}

/** The messages of one read; what is cut off is left out. */
export function* messages(bytes: Buffer): Generator<Message> {
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    if (length < headerBytes || at + length > bytes.length) return;
    const body = bytes.subarray(at + headerBytes, at + length);
    yield { type: bytes.readUInt16LE(at + 4), sequence: bytes.readUInt32LE(at + 8), body };
    at += aligned(length);
  }
}

/** `errno` of an error message or of the end of a dump; 0 is success. */
export const errnoOf = ({ body }: Message): number => (body.length >= 4 ? -body.readInt32LE(0) : 0);

/** Attributes by type; the last of each counts. */
export function attributes(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return found;
    found.set(bytes.readUInt16LE(at + 2) & typeMask, bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return found;
}

/** Attributes of a message of netfilter. */
export const attributesOf = ({ body }: Message): Map<number, Buffer> => attributes(body.subarray(netfilterBytes));
