/** Valve's server queries (developer.valvesoftware.com/wiki/Server_queries): what begins their packets. Pure. */

/** Of a packet that is whole in itself. */
export const singleHeader = Buffer.alloc(4, 0xff);
export const kinds = {
  askPlayers: 0x55,
  askRules: 0x56,
  challenge: 0x41,
  info: 0x49,
  players: 0x44,
  rules: 0x45,
} as const;
/** `A2S_INFO`; a challenge that was given follows. */
export const infoQuestion = Buffer.from("\xff\xff\xff\xffTSource Engine Query\0", "latin1");
