/** A node in words and shares. */
import type { StateWord } from "@playspawn/shared/domain/server-state.ts";

export type Session = "connected" | "suspect" | "unreachable" | "never";

export const sessionText: Record<Session, string> = {
  connected: "Connected",
  suspect: "Slow to answer",
  unreachable: "No contact",
  never: "Never connected",
};

export type SessionTone = "good" | "wait" | "bad" | "none";

/** No contact is no alarm by itself: the servers there go on running. */
export const sessionTone = (session: Session): SessionTone =>
  (({ connected: "good", suspect: "wait", unreachable: "bad", never: "none" }) as const)[session];

export interface Usage {
  awakeBytes: number;
  asleepBytes: number;
  /** Shares of the node's memory; together at most 1. */
  awakeShare: number;
  asleepShare: number;
}

/** How much memory its servers may use now, and how much they would if all were awake. */
export function usageOf(servers: readonly { state: StateWord; memoryBytes: number }[], memoryBytes: number): Usage {
  let awakeBytes = 0;
  let asleepBytes = 0;
  for (const server of servers) {
    if (server.state === "Running" || server.state === "Waking" || server.state === "Unknown")
      awakeBytes += server.memoryBytes;
    if (server.state === "Asleep") asleepBytes += server.memoryBytes;
  }
  const share = (part: number): number => (memoryBytes > 0 ? Math.min(1, part / memoryBytes) : 0);
  const awakeShare = share(awakeBytes);
  return { awakeBytes, asleepBytes, awakeShare, asleepShare: Math.min(1 - awakeShare, share(asleepBytes)) };
}

export const capabilityText = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

/** The one line to paste on the new machine, in a checkout of the same version: its agent, and its door beside it. */
export const joinCommand = (controlUrl: string, token: string): string =>
  `PLAYSPAWN_CONTROL_URL=${controlUrl} PLAYSPAWN_JOIN_TOKEN=${token} ` +
  "sh -c 'node node-agent/src/door/main.ts & exec node node-agent/src/main.ts'";
