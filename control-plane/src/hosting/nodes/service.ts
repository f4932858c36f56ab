/** Joining, listing and ending nodes. */
import { AppError, newId, newSecret, notFound } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction, type Db } from "../../platform/db/db.ts";
import { appendEvent, listEvents } from "../../platform/events/events.ts";
import { decodeCursor, pageOf, type Page } from "../../platform/http/page.ts";
import type { Deps } from "../deps.ts";
import { presentEvent } from "../events.ts";
import { presentNode } from "./present.ts";
import type { JoinToken, Node, NodeEvent } from "./schema.ts";
import { hashSecret } from "./secrets.ts";
import {
  dropOldTokens,
  dropUnusedLocalTokens,
  findNode,
  findToken,
  findUnusedLocalToken,
  insertNode,
  insertToken,
  listLocalNodes,
  listNodes,
  updateNode,
  useToken,
  type JoinTokenRow,
  type NodeRow,
} from "./store.ts";

const joinTokenMs = 15 * 60_000;
const tokensKeptMs = 24 * 3600_000;
/** An agent must not read a local token that ends a moment later. */
const renewBeforeMs = 5 * 60_000;
/** How long an agent that joined may take until it connects. */
const connectLimitMs = 60_000;

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
   */
  settle(tx: Knex.Transaction, nodeId: string, seenRev: number, accept: boolean): Promise<void>;
  publishNode(nodeId: string): Promise<void>;
}

export interface Nodes {
  list(query: { limit: number; cursor?: string | undefined }): Promise<Page<Node>>;
  /** Newest first: joins, quarantines, containers that belong to no server. @throws AppError not_found */
  events(nodeId: string, query: { limit: number; cursor?: string | undefined }): Promise<Page<NodeEvent>>;
  createJoinToken(ownerId: string): Promise<JoinToken>;
  /**
   * A fresh token for the agent of this machine; the unused ones before it are void. `keep`: the last one can still
   * be used, or was just now. `done`: that agent has connected.
   * @param force a new one although the last could be used: its text is not known any more
   */
  renewLocalToken(force: boolean): Promise<JoinToken | "keep" | "done">;
  /** Forgets join tokens that nobody used. Idempotent. */
  dropOldTokens(): Promise<void>;
  /** @throws AppError join_token_invalid */
  join(request: { token: string; name: string }): Promise<{ nodeId: string; secret: string; installationId: string }>;
  rotate(nodeId: string): Promise<{ secret: string }>;
  revoke(nodeId: string): Promise<void>;
  adopt(nodeId: string, accept: boolean): Promise<void>;
}

interface NodesDeps extends Deps {
  installationId: string;
  sockets: NodeSockets;
  adoption: Adoption;
}

function nodeDesk(deps: NodesDeps): NodeDesk {
  const { db, ports } = deps;
  return {
    ...deps,
    now: () => ports.clock.now(),
    async require(tx, id) {
      const row = await findNode(tx, id);
      if (!row || row.revoked_at !== null) throw notFound("node", id);
      return row;
    },
    tell: (tx, row, kind, data = {}) =>
      appendEvent(tx, ports, {
        ownerId: row.owner_id,
        subject: { kind: "node", id: row.id },
        kind,
        cause: null,
        data: { ...data },
      }),
    async publish(id) {
      const row = await findNode(db, id);
      if (row) deps.bus.publish("live", { ownerId: null, message: { t: "node", node: presentNode(row) } });
    },
  };
}

export function nodes(deps: NodesDeps): Nodes {
  const { db, ports } = deps;
  const desk = nodeDesk(deps);
  const { now, tell, publish } = desk;
  const issue = async (tx: Knex.Transaction, ownerId: string, local: boolean): Promise<JoinToken> => {
    const token = newSecret(ports.rng);
    const expiresAt = now() + joinTokenMs;
    await insertToken(tx, {
      id: newId("join", ports),
      owner_id: ownerId,
      token_hash: hashSecret(token),
      local,
      created_at: now(),
      expires_at: expiresAt,
      used_at: null,
      node_id: null,
    });
    return { token, expiresAt };
  };

  return {
    async list({ limit, cursor }) {
      const after = decodeCursor(cursor, /^node_[0-9a-z]{26}$/);
      const page = pageOf(await listNodes(db, after, limit + 1), limit, (row) => row.id);
      return { items: page.items.map(presentNode), nextCursor: page.nextCursor };
    },

    async events(nodeId, { limit, cursor }) {
      await desk.require(db, nodeId);
      const page = await listEvents(db, { subject: { kind: "node", id: nodeId }, limit, cursor });
      return { items: page.items.map(presentEvent), nextCursor: page.nextCursor };
    },

    createJoinToken: (ownerId) => transaction(db, (tx) => issue(tx, ownerId, false)),

    renewLocalToken: (force) =>
      transaction(db, async (tx) => {
        const local = await listLocalNodes(tx);
        if (local.some((row) => row.session !== "never")) return "done";
        if (!force && (await hasLocalHope(tx, local, now()))) return "keep";
        await dropUnusedLocalTokens(tx);
        return await issue(tx, deps.installationId, true);
      }),
    dropOldTokens: () => dropOldTokens(db, now() - tokensKeptMs),

    async join({ token, name }) {
      const secret = newSecret(ports.rng);
      const nodeId = newId("node", ports);
      await transaction(db, async (tx) => {
        const found = requireUsable(await findToken(tx, hashSecret(token)), now());
        if (!(await useToken(tx, found.id, nodeId, now()))) throw usedToken();
        if (found.local) await dropNeverConnected(tx, now());
        const row = { id: nodeId, owner_id: found.owner_id, name, secret_hash: hashSecret(secret), created_at: now() };
        await insertNode(tx, row);
        await tell(tx, row, "joined", { name });
      });
      await publish(nodeId);
      return { nodeId, secret, installationId: deps.installationId };
    },

    rotate: (nodeId) => rotate(desk, nodeId),
    revoke: (nodeId) => revoke(desk, nodeId),
    adopt: (nodeId, accept) => adopt(desk, nodeId, accept),
  };
}

interface NodeDesk extends NodesDeps {
  now(): number;
  /** @throws AppError not_found, also for a node that was revoked */
  require(tx: Db, id: string): Promise<NodeRow>;
  tell(tx: Knex.Transaction, row: Pick<NodeRow, "id" | "owner_id">, kind: string, data?: object): Promise<unknown>;
  publish(id: string): Promise<void>;
}

async function rotate({ db, ports, require, tell }: NodeDesk, nodeId: string): Promise<{ secret: string }> {
  const secret = newSecret(ports.rng);
  await transaction(db, async (tx) => {
    const row = await require(tx, nodeId);
    await updateNode(tx, nodeId, { next_secret_hash: hashSecret(secret) });
    await tell(tx, row, "secret_rotated");
  });
  return { secret };
}

async function revoke({ db, sockets, adoption, now, require, tell, publish }: NodeDesk, nodeId: string): Promise<void> {
  await transaction(db, async (tx) => {
    const row = await require(tx, nodeId);
    await updateNode(tx, nodeId, { revoked_at: now(), session: "unreachable", next_secret_hash: null });
    await tell(tx, row, "revoked");
  });
  sockets.revoke(nodeId);
  await publish(nodeId);
  await adoption.publishNode(nodeId);
}

async function adopt(desk: NodeDesk, nodeId: string, accept: boolean): Promise<void> {
  const { db, sockets, adoption, require, tell, publish } = desk;
  await transaction(db, async (tx) => {
    const row = await require(tx, nodeId);
    if (row.adopt_rev === null)
      throw new AppError("conflict", `Node ${row.name} is not in adopt mode; there is nothing to confirm.`);
    await adoption.settle(tx, nodeId, row.adopt_rev, accept);
    await updateNode(tx, nodeId, { adopt_rev: null });
    await tell(tx, row, "adopted", { accept });
  });
  sockets.resend(nodeId);
  await publish(nodeId);
  await adoption.publishNode(nodeId);
}

const usedToken = (): AppError =>
  new AppError("join_token_invalid", "This join token was used already. Each one joins one node: make a new one.");

function requireUsable(token: JoinTokenRow | undefined, now: number): JoinTokenRow {
  if (!token)
    throw new AppError("join_token_invalid", "This join token is not known here. Copy it whole, or make a new one.");
  if (token.used_at !== null) throw usedToken();
  if (token.expires_at <= now)
    throw new AppError("join_token_invalid", "This join token is older than 15 minutes. Make a new one.");
  return token;
}

/** A local token that will not end soon, or an agent that joined so lately that it may still connect. */
async function hasLocalHope(tx: Knex.Transaction, local: readonly NodeRow[], now: number): Promise<boolean> {
  if (local.some((row) => now - row.created_at < connectLimitMs)) return true;
  const unused = await findUnusedLocalToken(tx);
  return unused !== undefined && unused.expires_at - now > renewBeforeMs;
}

/** An agent that joined and lost its secret before it connected leaves a node behind that can never come. */
async function dropNeverConnected(tx: Knex.Transaction, now: number): Promise<void> {
  for (const row of await listLocalNodes(tx))
    if (row.session === "never") await updateNode(tx, row.id, { revoked_at: now });
}
