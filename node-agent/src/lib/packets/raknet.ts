/** The offline messages of RakNet, as Minecraft Bedrock speaks it (Source/MessageIdentifiers.h of RakNet). Pure. */

export const ids = {
  ping: 0x01,
  pingOpen: 0x02,
  request1: 0x05,
  reply1: 0x06,
  request2: 0x07,
  noRoom: 0x14,
  pong: 0x1c,
} as const;

/** Sixteen bytes that no other protocol has where they stand. */
export const magic = Buffer.from("00ffff00fefefefefdfdfdfd12345678", "hex");
/** An unconnected ping: its id, eight bytes that come back, the magic, the client's eight bytes. */
export const pingBytes = 1 + 8 + magic.length + 8;
/** A pong up to its words: id, the ping's eight bytes, the server's eight, the magic, the length of the words. */
export const pongHeadBytes = 1 + 8 + 8 + magic.length + 2;
