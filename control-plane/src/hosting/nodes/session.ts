/** The session of a node: what its silence means. Pure. */
import { heartbeatMs, silentIntervals } from "@playspawn/shared";
import type { SessionState } from "./schema.ts";

const suspectAfterMs = silentIntervals * heartbeatMs;
const unreachableAfterMs = 2 * suspectAfterMs;

export interface SessionFacts {
  /** A socket of this node is open and was welcomed. */
  connected: boolean;
  /** UTC ms; null when it never connected. */
  lastSeenAt: number | null;
  now: number;
}

/** A node without a socket is suspect at once: nothing can be asked of it, so nothing new is placed on it. */
export function sessionState({ connected, lastSeenAt, now }: SessionFacts): SessionState {
  if (lastSeenAt === null) return "never";
  const silentMs = Math.max(0, now - lastSeenAt);
  if (connected && silentMs < suspectAfterMs) return "connected";
  return silentMs < unreachableAfterMs ? "suspect" : "unreachable";
}
