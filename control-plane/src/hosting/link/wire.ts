/** What a session needs of the socket below it and of the database beside it. */
import type { AgentFrame, DesiredServer } from "@playspawn/shared";
import type { Changes } from "../servers/reports.ts";

type Of<T extends AgentFrame["t"]> = Extract<AgentFrame, { t: T }>;

export interface Snapshot {
  rev: number;
  snapshot: DesiredServer[];
  adopt: boolean;
}

export interface Welcome extends Snapshot {
  epoch: number;
  /** Newest event of the agent's log that is stored. */
  logAck: number;
}

/** What a session stores and reads. Every method commits before it resolves. */
export interface SessionStore {
  /** @returns null when the node is in quarantine */
  hello(nodeId: string, hello: Of<"hello">): Promise<Welcome | null>;
  /**
   * Answers whether the desired state changed by it: a removal that is done is no longer asked for.
   * @throws AppError conflict when the epoch is over, like all that follow
   */
  status(nodeId: string, frame: Of<"status">): Promise<boolean>;
  /** Answers the number of the newest event that is stored. */
  events(nodeId: string, frame: Of<"events">): Promise<number>;
  /** Answers the node's revision. */
  heartbeat(nodeId: string, frame: Of<"hb">): Promise<number>;
  snapshot(nodeId: string): Promise<Snapshot>;
  /** What changed after `prev`, as much as fits one frame; null when nothing did. */
  changes(nodeId: string, prev: number): Promise<Changes | null>;
  ended(nodeId: string, epoch: number): Promise<void>;
}

/** The socket, as far as a session needs it. */
export interface Wire {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Bytes that were sent and have not left. */
  buffered(): number;
  /** Stop or go on reading. */
  pause(): void;
  resume(): void;
}
