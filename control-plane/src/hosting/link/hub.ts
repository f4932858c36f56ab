/** The live sockets of nodes, one per node: who is connected, and how to reach them. */
import { AppError, closeCodes, type Call } from "@playspawn/shared";

/** One welcomed connection. */
export interface LiveSession {
  readonly epoch: number;
  /** Something desired changed: send what is new. */
  push(): void;
  /** Send everything again. */
  resend(): void;
  /** @throws AppError of the agent's answer, or node_unreachable */
  call(call: Call, limitMs: number): Promise<unknown>;
  /** Text as it comes; ends with the call. Leaving the loop cancels it at the agent. @throws as `call` */
  stream(call: Call, signal: AbortSignal): AsyncGenerator<string>;
  close(code: number, reason: string): void;
}

export interface Hub {
  /** Whether a socket of the node is open that was welcomed, or whose hello is being stored. */
  connected(nodeId: string): boolean;
  /**
   * A hello of the node is being stored: the database calls it connected before its session can be added, and nobody is
   * to find it without a socket in between. Call what is answered once that is over.
   */
  arriving(nodeId: string): () => void;
  /** How many nodes are connected. */
  size(): number;
  push(nodeId: string): void;
  resend(nodeId: string): void;
  revoke(nodeId: string): void;
  /** Of two machines with one secret nobody knows which is the right one: both stop. */
  quarantine(nodeId: string): void;
  /** Of two sessions of a node the one with the greater epoch stays; the other is closed. */
  add(nodeId: string, session: LiveSession): void;
  remove(nodeId: string, session: LiveSession): void;
  /** @throws AppError node_unreachable when the node is not connected */
  get(nodeId: string): LiveSession;
  /** Closes every socket: the control plane goes away. */
  closeAll(): void;
}

export function hub(): Hub {
  const sessions = new Map<string, LiveSession>();
  const arriving = new Set<{ nodeId: string }>();
  const supersede = (session: LiveSession): void =>
    session.close(closeCodes.superseded, "a newer connection of this node took over");
  return {
    connected: (nodeId) => sessions.has(nodeId) || [...arriving].some((one) => one.nodeId === nodeId),
    arriving(nodeId) {
      const one = { nodeId };
      arriving.add(one);
      return () => void arriving.delete(one);
    },
    size: () => sessions.size,
    push: (nodeId) => sessions.get(nodeId)?.push(),
    resend: (nodeId) => sessions.get(nodeId)?.resend(),
    revoke: (nodeId) => sessions.get(nodeId)?.close(closeCodes.revoked, "this node was revoked"),
    quarantine: (nodeId) => sessions.get(nodeId)?.close(closeCodes.quarantined, "two machines use this node's secret"),
    add(nodeId, session) {
      const other = sessions.get(nodeId);
      if (other && other.epoch > session.epoch) return supersede(session);
      sessions.set(nodeId, session);
      if (other) supersede(other);
    },
    remove(nodeId, session) {
      if (sessions.get(nodeId) === session) sessions.delete(nodeId);
    },
    get(nodeId) {
      const session = sessions.get(nodeId);
      if (session) return session;
      throw new AppError("node_unreachable", "The node of this server does not answer now. Try again when it is back.");
    },
    closeAll() {
      for (const session of sessions.values()) session.close(closeCodes.goingAway, "the control plane goes away");
    },
  };
}
