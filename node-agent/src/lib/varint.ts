/** Numbers as Minecraft writes them: 7 bits per byte, low bits first. Pure. */

/** A packet that is not complete yet, or that no client would send. */
export type Unread = "more" | "garbage";

/** `value` and the offset behind it. VarInts carry 7 bits per byte, low bits first, `maxBytes` at most. */
export function readVarInt(bytes: Buffer, offset: number, maxBytes: number): { value: number; end: number } | Unread {
  let value = 0;
  for (let i = 0; i < maxBytes; i++) {
    const byte = bytes[offset + i];
    if (byte === undefined) return "more";
    value |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) === 0) return { value, end: offset + i + 1 };
  }
  return "garbage";
}

export function varInt(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (;;) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
}
