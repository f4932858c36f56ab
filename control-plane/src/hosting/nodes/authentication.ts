/** Lets nodes in by their secret, of which two are good while it is rotated. */
import { AppError } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction } from "../../platform/db/db.ts";
import { hashToken, tokenMatches } from "../../platform/token.ts";
import type { Deps } from "../deps.ts";
import type { PublishNode } from "./publisher.ts";
import { findNode, forgetBoots, updateNode, type NodeRow } from "./store.ts";

/** @throws AppError node_secret_invalid, also for a node that was revoked or never was */
export type Authenticate = (nodeId: string, secret: string) => Promise<{ nodeId: string; quarantined: boolean }>;

/** Compared with in place of a node that does not exist, so that the time does not tell which ids do. */
const nobody = hashToken("");

export function authentication({
  db,
  log,
  publish,
}: Pick<Deps, "db" | "log"> & { publish: PublishNode }): Authenticate {
  return async (nodeId, secret) => {
    const row = requireSecret(await findNode(db, nodeId), secret);
    if (!tokenMatches(secret, row.next_secret_hash)) return { nodeId, quarantined: row.quarantined_at !== null };
    await transaction(db, (tx) => promoteSecret(tx, nodeId, secret));
    log.info({ node: nodeId }, "the node uses its new secret; the old one is void");
    await publish(nodeId);
    return { nodeId, quarantined: false };
  };
}

function requireSecret(row: NodeRow | undefined, secret: string): NodeRow {
  const current = tokenMatches(secret, row?.secret_hash ?? nobody);
  const next = tokenMatches(secret, row?.next_secret_hash ?? null);
  if (row && row.revoked_at === null && (current || next)) return row;
  throw unknownSecret();
}

/**
 * The first use of the new secret ends the old one, and with it the reason for a quarantine.
 * @throws AppError node_secret_invalid when the secret was replaced, or the node revoked, since it was looked at
 */
async function promoteSecret(tx: Knex.Transaction, nodeId: string, secret: string): Promise<void> {
  const row = requireSecret(await findNode(tx, nodeId), secret);
  if (!tokenMatches(secret, row.next_secret_hash)) return;
  await forgetBoots(tx, nodeId);
  const secret_hash = row.next_secret_hash!;
  await updateNode(tx, nodeId, { secret_hash, next_secret_hash: null, quarantined_at: null, boot: null });
}

export const unknownSecret = (): AppError =>
  new AppError(
    "node_secret_invalid",
    "This node id and secret do not belong together, or the node was revoked. Join again with a new join token.",
  );
