/** How a machine becomes a node: a token that works once, exchanged for the node's own secret. */
import { AppError, newId, newSecret } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction, type Db } from "../../platform/db/db.ts";
import { hashToken } from "../../platform/token.ts";
import type { Deps } from "../deps.ts";
import { appendNodeEvent } from "./node-events.ts";
import type { PublishNode } from "./publisher.ts";
import type { JoinToken } from "./schema.ts";
import {
  dropOldTokens,
  dropUnusedLocalTokens,
  findToken,
  findUnusedLocalToken,
  insertNode,
  insertToken,
  listLocalNodes,
  updateNode,
  useToken,
  type JoinTokenRow,
  type NodeRow,
} from "./store.ts";

export interface Joining {
  /** Inside the caller's transaction. */
  createJoinToken(tx: Db, ownerId: string): Promise<JoinToken>;
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
}

export interface JoiningDeps extends Deps {
  installationId: string;
  publish: PublishNode;
}

const joinTokenMs = 15 * 60_000;
const tokensKeptMs = 24 * 3600_000;
/** An agent must not read a local token that ends a moment later. */
const renewBeforeMs = 5 * 60_000;
/** How long an agent that joined may take until it connects. */
const connectLimitMs = 60_000;

export function joining(deps: JoiningDeps): Joining {
  const { db, ports, installationId } = deps;
  const now = (): number => ports.clock.now();
  return {
    createJoinToken: (tx, ownerId) => issue(tx, deps, { ownerId, local: false }),
    renewLocalToken: (force) =>
      transaction(db, async (tx) => {
        const local = await listLocalNodes(tx);
        if (local.some((row) => row.session !== "never")) return "done";
        if (!force && (await hasLocalHope(tx, local, now()))) return "keep";
        await dropUnusedLocalTokens(tx);
        return await issue(tx, deps, { ownerId: installationId, local: true });
      }),
    dropOldTokens: () => dropOldTokens(db, now() - tokensKeptMs),
    async join({ token, name }) {
      const secret = newSecret(ports.rng);
      const nodeId = newId("node", ports);
      await transaction(db, async (tx) => {
        const found = requireUsable(await findToken(tx, hashToken(token)), now());
        if (!(await useToken(tx, found.id, nodeId, now()))) throw usedToken();
        if (found.local) await dropNeverConnected(tx, now());
        const row = { id: nodeId, owner_id: found.owner_id, name, secret_hash: hashToken(secret), created_at: now() };
        await insertNode(tx, row);
        await appendNodeEvent(tx, ports, row, "joined", { name });
      });
      await deps.publish(nodeId);
      return { nodeId, secret, installationId };
    },
  };
}

async function issue(
  tx: Db,
  { ports }: JoiningDeps,
  { ownerId, local }: { ownerId: string; local: boolean },
): Promise<JoinToken> {
  const token = newSecret(ports.rng);
  const now = ports.clock.now();
  const expiresAt = now + joinTokenMs;
  await insertToken(tx, {
    id: newId("join", ports),
    owner_id: ownerId,
    token_hash: hashToken(token),
    local,
    created_at: now,
    expires_at: expiresAt,
    used_at: null,
    node_id: null,
  });
  return { token, expiresAt };
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
