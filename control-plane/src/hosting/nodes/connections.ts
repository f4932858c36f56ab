/** A node's side of the link in the database: which epoch it gets, how it is, and how far its log was taken in. */
import { AppError, type AgentFrame, type Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction, type Db } from "../../platform/db/db.ts";
import type { Deps } from "../deps.ts";
import { unknownSecret } from "./authentication.ts";
import { appendNodeEvent } from "./node-events.ts";
import type { PublishNode } from "./publisher.ts";
import { createSilence, sessionState, type Silence } from "./session.ts";
import {
  bumpRev,
  findNode,
  hasBoot,
  listLiveNodes,
  logPosition,
  rememberBoot,
  setLogPosition,
  updateNode,
  type NodeRow,
} from "./store.ts";

export type Beat = Extract<AgentFrame, { t: "hb" }>;
type Hello = Extract<AgentFrame, { t: "hello" }>;

/** What frames need to know of their node. */
export interface NodeState {
  id: string;
  ownerId: string;
  rev: number;
  /** What runs wins until an operator confirms. */
  adopt: boolean;
}

export interface Begun extends NodeState {
  epoch: number;
  /** Newest event of the agent's log that is stored. */
  logAck: number;
}

export interface Connections {
  /** Inside the transaction of a hello: the next epoch; null puts or finds the node in quarantine. */
  begin(tx: Knex.Transaction, nodeId: string, hello: Hello): Promise<Begun | null>;
  state(tx: Knex.Transaction, nodeId: string): Promise<NodeState>;
  /** The state, for a frame of this epoch. @throws AppError conflict when it is not the node's newest */
  requireEpoch(tx: Knex.Transaction, nodeId: string, epoch: number): Promise<NodeState>;
  /** `changed`: the node was not seen as connected before. @throws AppError conflict when `epoch` is not the newest */
  heartbeat(nodeId: string, beat: Pick<Beat, "epoch" | "capabilities">): Promise<{ rev: number; changed: boolean }>;
  /** The socket of this epoch is gone. */
  ended(nodeId: string, epoch: number): Promise<void>;
  /**
   * What the mere passing of time means. Idempotent. Answers the nodes whose session is another now.
   * @param connected whether a socket of the node is open
   */
  expire(connected: (nodeId: string) => boolean): Promise<string[]>;
  logPosition(tx: Knex.Transaction, nodeId: string, log: string): Promise<number>;
  setLogPosition(tx: Knex.Transaction, nodeId: string, log: string, n: number): Promise<void>;
  /** The node's next revision, at least `least`. Whoever changes what is desired takes one. */
  nextRev(tx: Db, nodeId: string, least?: number): Promise<number>;
  publish: PublishNode;
}

interface ConnectionsDeps extends Pick<Deps, "db" | "ports" | "log"> {
  publish: PublishNode;
}

export function connections({ db, ports, log, publish }: ConnectionsDeps): Connections {
  const silence = createSilence(ports.clock);
  const now = (): number => ports.clock.now();
  return {
    async begin(tx, nodeId, hello) {
      const begun = await begin(tx, nodeId, { ports, hello });
      if (!begun) return null;
      silence.heard(nodeId);
      if (begun.logLost > 0)
        log.warn(
          { node: nodeId, events: begun.logLost },
          "a node's log is older than what it sent before: a restored disk?",
        );
      return begun;
    },
    state: async (tx, nodeId) => stateOf(await requireNode(tx, nodeId)),
    requireEpoch: async (tx, nodeId, epoch) => stateOf(await requireNewest(tx, nodeId, epoch)),
    async heartbeat(nodeId, { epoch, capabilities }) {
      const { rev, changed } = await transaction(db, async (tx) => {
        const row = await requireNewest(tx, nodeId, epoch);
        const learnt = capabilities && { capabilities: JSON.stringify(capabilities) };
        await updateNode(tx, nodeId, { last_seen_at: now(), session: "connected", ...learnt });
        return { rev: row.rev, changed: row.session !== "connected" || capabilities !== undefined };
      });
      silence.heard(nodeId);
      if (changed) await publish(nodeId);
      return { rev, changed };
    },
    async ended(nodeId, epoch) {
      await transaction(db, async (tx) => {
        const row = await findNode(tx, nodeId);
        if (row?.epoch === epoch && row.session === "connected") await updateNode(tx, nodeId, { session: "suspect" });
      });
      await publish(nodeId);
    },
    async expire(connected) {
      const changed = await transaction(db, (tx) => expireSessions(tx, silence, connected));
      for (const id of changed) await publish(id);
      return changed;
    },
    logPosition,
    setLogPosition: (tx, nodeId, logId, n) => setLogPosition(tx, nodeId, logId, n, now()),
    nextRev: bumpRev,
    publish,
  };
}

const stateOf = (row: NodeRow): NodeState => ({
  id: row.id,
  ownerId: row.owner_id,
  rev: row.rev,
  adopt: row.adopt_rev !== null,
});

async function requireNode(tx: Knex.Transaction, nodeId: string): Promise<NodeRow> {
  const row = await findNode(tx, nodeId);
  if (!row || row.revoked_at !== null) throw unknownSecret();
  return row;
}

async function requireNewest(tx: Knex.Transaction, nodeId: string, epoch: number): Promise<NodeRow> {
  const row = await requireNode(tx, nodeId);
  if (row.epoch === epoch) return row;
  throw new AppError("conflict", `Epoch ${epoch} of node ${nodeId} is over; a newer connection took its place.`);
}

async function begin(
  tx: Knex.Transaction,
  nodeId: string,
  { ports, hello }: { ports: Ports; hello: Hello },
): Promise<(Begun & { logLost: number }) | null> {
  const now = ports.clock.now();
  const row = await requireNode(tx, nodeId);
  if (row.quarantined_at !== null) return null;
  const cameBack = hello.boot !== row.boot && (await hasBoot(tx, nodeId, hello.boot));
  if (cameBack) return await quarantine(tx, ports, row, hello.boot);
  await rememberBoot(tx, nodeId, hello.boot, now);
  const epoch = row.epoch + 1;
  const change = { ...connectedAs(row, hello), epoch, last_seen_at: now };
  await updateNode(tx, nodeId, change);
  const stored = await logPosition(tx, nodeId, hello.log.id);
  const logAck = Math.min(stored, hello.log.last);
  // The agent's disk was put back to an earlier state: what it numbers from there on is new, whatever we had.
  if (logAck < stored) await setLogPosition(tx, nodeId, hello.log.id, logAck, now);
  return { ...stateOf({ ...row, ...change }), epoch, logAck, logLost: stored - logAck };
}

/** The columns that a hello brings. */
function connectedAs(row: NodeRow, hello: Hello) {
  const ahead = hello.appliedRev > row.rev;
  return {
    session: "connected" as const,
    machine: hello.machine,
    boot: hello.boot,
    capacity: JSON.stringify(hello.capacity),
    capabilities: JSON.stringify(hello.capabilities),
    adopt_rev: ahead ? Math.max(hello.appliedRev, row.adopt_rev ?? 0) : row.adopt_rev,
  };
}

async function expireSessions(
  tx: Knex.Transaction,
  silence: Silence,
  connected: (nodeId: string) => boolean,
): Promise<string[]> {
  const changed: string[] = [];
  for (const row of await listLiveNodes(tx)) {
    const session = sessionState({ connected: connected(row.id), silentMs: silence.silentMs(row) });
    if (session === row.session) continue;
    await updateNode(tx, row.id, { session });
    changed.push(row.id);
  }
  return changed;
}

async function quarantine(tx: Knex.Transaction, ports: Ports, row: NodeRow, boot: string): Promise<null> {
  await updateNode(tx, row.id, { quarantined_at: ports.clock.now(), session: "suspect" });
  await appendNodeEvent(tx, ports, row, "quarantined", { boot, seenSince: row.boot ?? "" });
  return null;
}
