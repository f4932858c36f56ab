/**
 * Packets of Teeworlds 0.7 that come before a game, as its client and server write them (src/engine/shared/network.h).
 * A header of 7 bytes: flags, acknowledgement and number of chunks in 3, the receiver's token in 4. Pure.
 */

export const control = 0x04;
export const connectionless = 0x21;
export const messages = { connect: 1, close: 4, token: 5 } as const;
export const infoRequest = Buffer.from("\xff\xff\xff\xffgie3", "latin1");
export const infoAnswer = Buffer.from("\xff\xff\xff\xffinf3", "latin1");
export const connectionlessHeaderBytes = 9;
/** What asks for a token is padded, so that no answer is larger than its question. */
export const paddedBytes = 519;
const tokenRequestBytes = 520;

/** The first packet of every conversation: asks for the server's token and says ours, four bytes. */
export function tokenRequest(own: Uint8Array): Buffer {
  const packet = Buffer.alloc(tokenRequestBytes);
  packet[0] = control;
  packet.fill(0xff, 3, 7);
  packet[7] = messages.token;
  packet.set(own, 8);
  return packet;
}

/** To whoever has the token `to`. */
export function controlPacket(to: Uint8Array, message: number, rest: Uint8Array): Buffer {
  const packet = Buffer.alloc(8 + rest.length);
  packet[0] = control;
  packet.set(to, 3);
  packet[7] = message;
  packet.set(rest, 8);
  return packet;
}

export const connectionlessPacket = (to: Uint8Array, from: Uint8Array, ...body: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from([connectionless]), to, from, ...body]);

/** A whole number: a sign bit and 6 bits in the first byte, then 7 per byte. */
export function packedInt(value: number): Buffer {
  const sign = value < 0 ? 0x40 : 0;
  let rest = value < 0 ? ~value : value;
  const bytes = [sign | (rest & 0x3f)];
  for (rest >>>= 6; rest > 0; rest >>>= 7) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}
