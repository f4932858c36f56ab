/** What the door may hold, for whom and for how long. Bytes and milliseconds. */

export interface Limits {
  holdMs: number;
  heldBytesPerConnection: number;
  heldBytesPerDoor: number;
  waitingPerServer: number;
  waitingPerSource: number;
  waitingPerDoor: number;
  /** A datagram's sender in a known protocol who is silent for this long waits no more. */
  waitingSilentMs: number;
  heldPacketsPerFlow: number;
  heldBytesPerFlow: number;
  flowsPerPort: number;
  strangersPerSource: number;
  flowIdleMs: number;
  connectionsPerServer: number;
  connectionsPerSource: number;
  knocksPerSourceMinute: number;
  knockSources: number;
  strangersPerServerMinute: number;
  strangersPerNodeMinute: number;
  dialMs: number;
  /** How long servers that a fresh agent did not name keep their ports. */
  forgetMs: number;
}

export const defaultLimits: Limits = {
  // Longer than any game client waits (Minecraft 30 s, Teeworlds 10 s) and than most servers boot.
  holdMs: 60_000,
  heldBytesPerConnection: 64 * 1024,
  heldBytesPerDoor: 64 * 1024 * 1024,
  waitingPerServer: 128,
  // A household or a LAN party behind one address, but not the whole room.
  waitingPerSource: 48,
  waitingPerDoor: 4096,
  waitingSilentMs: 15_000,
  heldPacketsPerFlow: 64,
  heldBytesPerFlow: 64 * 1024,
  flowsPerPort: 1024,
  // At one port, of flows that are not known to hear the game: anyone can forge a victim's address.
  strangersPerSource: 128,
  flowIdleMs: 60_000,
  // Held and relayed TCP connections. Whole communities behind one tunnel fit; one address alone empties no door.
  connectionsPerServer: 2048,
  connectionsPerSource: 256,
  // Enough for anyone who tries again and again, too little to wake a whole node by a port scan.
  knocksPerSourceMinute: 20,
  knockSources: 4096,
  // Whoever knocks in a protocol that does not tell a join from a scan.
  strangersPerServerMinute: 60,
  strangersPerNodeMinute: 120,
  // `awake` was proved by a probe, so a refusal is a race with a restart and short.
  dialMs: 3000,
  forgetMs: 60_000,
};
