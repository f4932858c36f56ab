/** A node's side of the link in the database: who may connect, which epoch it gets, and how far its log was taken in. */
import { AppError, type AgentFrame, type Ports } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction, type Db } from "../../platform/db/db.ts";
import { appendEvent } from "../../platform/events/events.ts";
import type { Deps } from "../deps.ts";
import { presentNode } from "./present.ts";
import { hashSecret, secretMatches } from "./secrets.ts";
import { sessionState } from "./session.ts";
import {
  bumpRev,
  findNode,
  forgetBoots,
  hasBoot,
  listLiveNodes,
  logPosition,
  rememberBoot,
  setLogPosition,
  updateNode,
  type NodeRow,
} from "./store.ts";

export type Hello = Extract<AgentFrame, { t: "hello" }>;

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
  /** @throws AppError node_secret_invalid, also for a node that was revoked or never was */
  authenticate(nodeId: string, secret: string): Promise<{ nodeId: string; quarantined: boolean }>;
  /** Inside the transaction of a hello: the next epoch; null puts or finds the node in quarantine. */
  begin(tx: Knex.Transaction, nodeId: string, hello: Hello): Promise<Begun | null>;
  state(tx: Knex.Transaction, nodeId: string): Promise<NodeState>;
  /** The state, for a frame of this epoch. @throws AppError conflict when it is not the node's newest */
  requireEpoch(tx: Knex.Transaction, nodeId: string, epoch: number): Promise<NodeState>;
  /** `changed`: the node was not seen as connected before. @throws AppError conflict when `epoch` is not the newest */
  heartbeat(nodeId: string, epoch: number): Promise<{ rev: number; changed: boolean }>;
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
  /** Tells dashboards how this node is now. */
  publish(nodeId: string): Promise<void>;
}

const stateOf = (row: NodeRow): NodeState => ({
  id: row.id,
  ownerId: row.owner_id,
  rev: row.rev,
  adopt: row.adopt_rev !== null,
});

const unknownSecret = (): AppError =>
  new AppError(
    "node_secret_invalid",
    "This node id and secret do not belong together, or the node was revoked. Join again with a new join token.",
  );

export function connections({ db, ports, bus, log }: Deps): Connections {
  const now = (): number => ports.clock.now();

  const publish = async (nodeId: string): Promise<void> => {
    const row = await findNode(db, nodeId);
    if (row) bus.publish("live", { ownerId: null, message: { t: "node", node: presentNode(row) } });
  };

  const require = async (tx: Knex.Transaction, nodeId: string): Promise<NodeRow> => {
    const row = await findNode(tx, nodeId);
    if (!row || row.revoked_at !== null) throw unknownSecret();
    return row;
  };
  const requireNewest = async (tx: Knex.Transaction, nodeId: string, epoch: number): Promise<NodeRow> => {
    const row = await require(tx, nodeId);
    if (row.epoch === epoch) return row;
    throw new AppError("conflict", `Epoch ${epoch} of node ${nodeId} is over; a newer connection took its place.`);
  };

  /** The first use of the new secret ends the old one, and with it the reason for a quarantine. */
  const promote = async (row: NodeRow): Promise<void> => {
    await transaction(db, (tx) => promoteSecret(tx, row));
    log.info({ node: row.id }, "the node uses its new secret; the old one is void");
    await publish(row.id);
  };

  return {
    async authenticate(nodeId, secret) {
      const row = await findNode(db, nodeId);
      // Compared in any case, so that the time does not tell which ids exist.
      const current = secretMatches(secret, row?.secret_hash ?? hashSecret(""));
      const next = secretMatches(secret, row?.next_secret_hash ?? null);
      if (!row || row.revoked_at !== null || (!current && !next)) throw unknownSecret();
      if (next) await promote(row);
      return { nodeId: row.id, quarantined: !next && row.quarantined_at !== null };
    },

    async begin(tx, nodeId, hello) {
      const row = await require(tx, nodeId);
      if (row.quarantined_at !== null) return null;
      const cameBack = hello.boot !== row.boot && (await hasBoot(tx, nodeId, hello.boot));
      if (cameBack) return await quarantine(tx, ports, row, hello.boot);
      await rememberBoot(tx, nodeId, hello.boot, now());
      const epoch = row.epoch + 1;
      const change = { ...connectedAs(row, hello), epoch, last_seen_at: now() };
      await updateNode(tx, nodeId, change);
      return { ...stateOf({ ...row, ...change }), epoch, logAck: await logPosition(tx, nodeId, hello.log.id) };
    },

    state: async (tx, nodeId) => stateOf(await require(tx, nodeId)),
    requireEpoch: async (tx, nodeId, epoch) => stateOf(await requireNewest(tx, nodeId, epoch)),
    async heartbeat(nodeId, epoch) {
      const { rev, changed } = await transaction(db, async (tx) => {
        const row = await requireNewest(tx, nodeId, epoch);
        await updateNode(tx, nodeId, { last_seen_at: now(), session: "connected" });
        return { rev: row.rev, changed: row.session !== "connected" };
      });
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
      const changed = await transaction(db, (tx) => expireSessions(tx, now(), connected));
      for (const id of changed) await publish(id);
      return changed;
    },
    logPosition,
    setLogPosition: (tx, nodeId, logId, n) => setLogPosition(tx, nodeId, logId, n, now()),
    nextRev: bumpRev,
    publish,
  };
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
  now: number,
  connected: (nodeId: string) => boolean,
): Promise<string[]> {
  const changed: string[] = [];
  for (const row of await listLiveNodes(tx)) {
    const session = sessionState({ connected: connected(row.id), lastSeenAt: row.last_seen_at, now });
    if (session === row.session) continue;
    await updateNode(tx, row.id, { session });
    changed.push(row.id);
  }
  return changed;
}

async function promoteSecret(tx: Knex.Transaction, row: NodeRow): Promise<void> {
  await forgetBoots(tx, row.id);
  const secret_hash = row.next_secret_hash!;
  await updateNode(tx, row.id, { secret_hash, next_secret_hash: null, quarantined_at: null, boot: null });
}

async function quarantine(tx: Knex.Transaction, ports: Ports, row: NodeRow, boot: string): Promise<null> {
  await updateNode(tx, row.id, { quarantined_at: ports.clock.now(), session: "suspect" });
  await appendEvent(tx, ports, {
    ownerId: row.owner_id,
    subject: { kind: "node", id: row.id },
    kind: "quarantined",
    cause: null,
    data: { boot, seenSince: row.boot ?? "" },
  });
  return null;
}
