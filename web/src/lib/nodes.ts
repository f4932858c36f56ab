/** A node in shares and tones. */
import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import type { Session } from "@playspawn/shared/words/node.ts";

export type SessionTone = "good" | "wait" | "bad" | "none";

/** No contact is no alarm by itself: the servers there go on running. */
export const sessionTone = (session: Session): SessionTone =>
  (({ connected: "good", suspect: "wait", unreachable: "bad", never: "none" }) as const)[session];

export interface Usage {
  awakeBytes: number;
  asleepBytes: number;
  /** Of servers whose state nobody knows now. */
  unknownBytes: number;
  /** Shares of the node's memory; together at most 1. */
  awakeShare: number;
  unknownShare: number;
  asleepShare: number;
}

/** How much memory its servers may use now, and how much they would if all were awake. */
export function usageOf(servers: readonly { state: StateWord; memoryBytes: number }[], memoryBytes: number): Usage {
  const sum = (...states: StateWord[]): number =>
    servers.reduce((bytes, server) => bytes + (states.includes(server.state) ? server.memoryBytes : 0), 0);
  const awakeBytes = sum("Running", "Waking");
  const unknownBytes = sum("Unknown");
  const asleepBytes = sum("Asleep");
  const share = (part: number): number => (memoryBytes > 0 ? Math.min(1, part / memoryBytes) : 0);
  const awakeShare = share(awakeBytes);
  const unknownShare = Math.min(1 - awakeShare, share(unknownBytes));
  const asleepShare = Math.min(1 - awakeShare - unknownShare, share(asleepBytes));
  return { awakeBytes, asleepBytes, unknownBytes, awakeShare, unknownShare, asleepShare };
}
