/** Joining, listing and ending nodes. */
import { AppError, newSecret, notFound, type Node } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction, type Db } from "../../platform/db/db.ts";
import { listEvents } from "../../platform/events/events.ts";
import { decodeCursor, pageOf, type Page } from "../../platform/http/page.ts";
import { hashToken } from "../../platform/token.ts";
import { presentEvent } from "../events.ts";
import type { OwnedServer } from "../servers/publisher.ts";
import { refuseDriven } from "./driven.ts";
import { joining, type Joining, type JoiningDeps } from "./joining.ts";
import { appendNodeEvent } from "./node-events.ts";
import { presentNode } from "./present.ts";
import type { NodeEvent } from "./schema.ts";
import { dropOldLogs, findNode, listNodes, updateNode, type NodeRow } from "./store.ts";

/** What this needs of live sockets. */
export interface NodeSockets {
  /** Closes every socket of the node. */
  revoke(nodeId: string): void;
  /** Sends the whole desired state again. */
  resend(nodeId: string): void;
}

/** What this needs of servers. */
export interface Adoption {
  /**
   * Ends adopt mode inside `tx`: every record of the node moves past what the node has seen.
   * @param accept true: what runs is what is wanted; false: what is stored is wanted
   * @returns servers that are no more, to be told after the commit
   */
  settle(tx: Knex.Transaction, nodeId: string, seenRev: number, accept: boolean): Promise<OwnedServer[]>;
  publishNode(nodeId: string): Promise<void>;
  publishGone(servers: readonly OwnedServer[]): void;
}

export interface Nodes extends Joining {
  list(query: { limit: number; cursor?: string | undefined }): Promise<Page<Node>>;
  /** Newest first: joins, quarantines, containers that belong to no server. @throws AppError not_found */
  events(nodeId: string, query: { limit: number; cursor?: string | undefined }): Promise<Page<NodeEvent>>;
  rotate(nodeId: string): Promise<{ secret: string }>;
  revoke(nodeId: string): Promise<void>;
  adopt(nodeId: string, accept: boolean): Promise<void>;
  /** Forgets how far logs were taken in that no agent has used since `before`, UTC ms. */
  dropOldLogs(before: number): Promise<void>;
}

interface NodesDeps extends JoiningDeps {
  sockets: NodeSockets;
  adoption: Adoption;
}

export function nodes(deps: NodesDeps): Nodes {
  const { db } = deps;
  return {
    ...joining(deps),
    async list({ limit, cursor }) {
      const after = decodeCursor(cursor, /^node_[0-9a-z]{26}$/);
      const page = pageOf(await listNodes(db, after, limit + 1), limit, (row) => row.id);
      return { items: page.items.map(presentNode), nextCursor: page.nextCursor };
    },
    async events(nodeId, { limit, cursor }) {
      await requireNode(db, nodeId);
      const page = await listEvents(db, { subject: { kind: "node", id: nodeId }, limit, cursor });
      return { items: page.items.map(presentEvent), nextCursor: page.nextCursor };
    },
    rotate: (nodeId) => rotate(deps, nodeId),
    revoke: (nodeId) => revoke(deps, nodeId),
    adopt: (nodeId, accept) => adopt(deps, nodeId, accept),
    dropOldLogs: (before) => dropOldLogs(db, before),
  };
}

/** @throws AppError not_found, also for a node that was revoked */
async function requireNode(tx: Db, id: string): Promise<NodeRow> {
  const row = await findNode(tx, id);
  if (!row || row.revoked_at !== null) throw notFound("node", id);
  return row;
}

async function rotate({ db, ports }: NodesDeps, nodeId: string): Promise<{ secret: string }> {
  const secret = newSecret(ports.rng);
  await transaction(db, async (tx) => {
    const row = await requireNode(tx, nodeId);
    refuseDriven(row);
    await updateNode(tx, nodeId, { next_secret_hash: hashToken(secret) });
    await appendNodeEvent(tx, ports, row, "secret_rotated");
  });
  return { secret };
}

async function revoke({ db, ports, sockets, adoption, publish }: NodesDeps, nodeId: string): Promise<void> {
  await transaction(db, async (tx) => {
    const row = await requireNode(tx, nodeId);
    const revoked_at = ports.clock.now();
    await updateNode(tx, nodeId, { revoked_at, session: "unreachable", next_secret_hash: null });
    await appendNodeEvent(tx, ports, row, "revoked");
  });
  sockets.revoke(nodeId);
  await publish(nodeId);
  await adoption.publishNode(nodeId);
}

async function adopt(
  { db, ports, sockets, adoption, publish }: NodesDeps,
  nodeId: string,
  accept: boolean,
): Promise<void> {
  const gone = await transaction(db, async (tx) => {
    const row = await requireNode(tx, nodeId);
    if (row.adopt_rev === null)
      throw new AppError("conflict", `Node ${row.name} is not in adopt mode; there is nothing to confirm.`);
    const gone = await adoption.settle(tx, nodeId, row.adopt_rev, accept);
    await updateNode(tx, nodeId, { adopt_rev: null });
    await appendNodeEvent(tx, ports, row, "adopted", { accept });
    return gone;
  });
  sockets.resend(nodeId);
  adoption.publishGone(gone);
  await publish(nodeId);
  await adoption.publishNode(nodeId);
}
