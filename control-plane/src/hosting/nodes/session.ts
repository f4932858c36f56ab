/** The session of a node: what its silence means. */
import { heartbeatMs, silentIntervals, type Clock, type SessionState } from "@playspawn/shared";

const suspectAfterMs = silentIntervals * heartbeatMs;
const unreachableAfterMs = 2 * suspectAfterMs;

export interface SessionFacts {
  /** A socket of this node is open and was welcomed. */
  connected: boolean;
  /** null when it never connected. */
  silentMs: number | null;
}

/** A node without a socket is suspect at once: nothing can be asked of it, so nothing new is placed on it. */
export function sessionState({ connected, silentMs }: SessionFacts): SessionState {
  if (silentMs === null) return "never";
  if (connected && silentMs < suspectAfterMs) return "connected";
  return silentMs < unreachableAfterMs ? "suspect" : "unreachable";
}

export interface Silence {
  /** The node has spoken just now. */
  heard(nodeId: string): void;
  /** @param lastSeenAt UTC ms; null when it never connected */
  silentMs(node: { id: string; last_seen_at: number | null }): number | null;
}

/** Measured by the clock that never jumps, wherever this process has heard the node itself. */
export function createSilence(clock: Clock): Silence {
  const startedAt = clock.mono();
  const heardAt = new Map<string, number>();
  return {
    heard: (nodeId) => void heardAt.set(nodeId, clock.mono()),
    silentMs({ id, last_seen_at }) {
      const heard = heardAt.get(id);
      if (heard !== undefined) return clock.mono() - heard;
      // At least as long as this process runs: the wall clock may have gone back since the former one wrote it.
      return last_seen_at === null ? null : Math.max(clock.now() - last_seen_at, clock.mono() - startedAt);
    },
  };
}
