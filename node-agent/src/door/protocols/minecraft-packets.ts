/** Reading and writing the few packets of Minecraft Java Edition that come before a login. Pure. */
import { readVarInt, varInt, type Unread } from "../../lib/varint.ts";

/** A handshake with a forwarded profile stays far below this; anything longer is not a client. */
const frameBytesMax = 4096;
const hostBytesMax = 4096;

/** One length-prefixed packet from the front of `bytes`: its body (id and fields) and the bytes it took. */
export function readFrame(bytes: Buffer): { body: Buffer; taken: number } | Unread {
  const length = readVarInt(bytes, 0, 3);
  if (typeof length === "string") return length;
  if (length.value < 1 || length.value > frameBytesMax) return "garbage";
  const taken = length.end + length.value;
  if (bytes.length < taken) return "more";
  return { body: bytes.subarray(length.end, taken), taken };
}

export interface Handshake {
  protocol: number;
  next: "status" | "login";
}

/** The body of a handshake packet; undefined when it is none. */
export function readHandshake(body: Buffer): Handshake | undefined {
  if (body[0] !== 0x00) return undefined;
  const protocol = readVarInt(body, 1, 5);
  if (typeof protocol === "string") return undefined;
  const hostLength = readVarInt(body, protocol.end, 3);
  if (typeof hostLength === "string" || hostLength.value < 0 || hostLength.value > hostBytesMax) return undefined;
  const next = readVarInt(body, hostLength.end + hostLength.value + 2, 5);
  if (typeof next === "string" || next.end !== body.length) return undefined;
  if (next.value === 1) return { protocol: protocol.value, next: "status" };
  // 3 is a transfer from another server (since 1.20.5), which goes on as a login.
  if (next.value === 2 || next.value === 3) return { protocol: protocol.value, next: "login" };
  return undefined;
}

/** A name has 16 letters at most; of others than ours some have more. */
const nameBytesMax = 64;

/** The name in the body of a login start packet; undefined when it is none. Later versions say more behind it. */
export function readLoginName(body: Buffer): string | undefined {
  if (body[0] !== 0x00) return undefined;
  const length = readVarInt(body, 1, 2);
  if (typeof length === "string" || length.value < 1 || length.value > nameBytesMax) return undefined;
  const end = length.end + length.value;
  return end <= body.length ? body.toString("utf8", length.end, end) : undefined;
}

const packet = (body: Buffer): Buffer => Buffer.concat([varInt(body.length), body]);

/** A packet of one string. */
export function stringPacket(id: number, text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return packet(Buffer.concat([varInt(id), varInt(bytes.length), bytes]));
}

export const packetOf = packet;

/** The kick packet that clients before 1.7 read as a status. */
export function legacyKick(text: string): Buffer {
  const utf16 = Buffer.from(text, "utf16le").swap16();
  const head = Buffer.from([0xff, 0, 0]);
  head.writeUInt16BE(utf16.length / 2, 1);
  return Buffer.concat([head, utf16]);
}
