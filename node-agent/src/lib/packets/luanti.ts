/** The few packets of Luanti (Minetest) that come before a game (src/network/connection.h of minetest). Pure. */

/** Every packet begins with these; then the sender's number (two bytes) and a channel. */
export const protocolBytes = Buffer.from("4f457403", "hex");
export const types = { control: 0, reliable: 3 } as const;

/** A client's first one, from nobody on channel 0: reliable, the first number of a sequence, an empty message. */
export const hello = Buffer.from("4f457403" + "000000" + "03ffdc" + "01", "hex");
