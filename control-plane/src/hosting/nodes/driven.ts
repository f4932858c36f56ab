/** Nodes that this control plane dials: added by an operator with an address and a secret, in place of joining. */
import { AppError, newId, newSecret, type Node } from "@playspawn/shared";
import { secretRoute } from "@playspawn/shared/node/secret-route.ts";
import type { Knex } from "knex";
import { transaction } from "../../platform/db/db.ts";
import type { SecretBox } from "../../platform/secret-box.ts";
import { hashToken } from "../../platform/token.ts";
import type { Deps } from "../deps.ts";
import { appendNodeEvent } from "./node-events.ts";
import { presentNode } from "./present.ts";
import type { PublishNode } from "./publisher.ts";
import { findNode, insertNode, listDriven, listParting, updateNode, type NodeRow } from "./store.ts";

export interface NodeAddress {
  name: string;
  url: string;
  secret: string;
}

export interface DrivenNodes {
  /**
   * Adds a node, or gives the one at that address its new name and secret. Its agent must answer.
   * @throws AppError invalid_request for plain http to a public address; node_unreachable, node_secret_invalid, conflict: what the agent said
   */
  add(ownerId: string, node: NodeAddress): Promise<Node>;
  /** The one that the environment names: there, whether it answers or not. */
  ensure(node: NodeAddress): Promise<void>;
  /** Those to drive, and those to give back, with their secrets. One whose secret cannot be opened is told and left out. */
  list(): Promise<{ id: string; url: string; secret: string; partUntil: number | null }[]>;
  /** A revoked node is given back, or never will be: its secret is forgotten. */
  parted(nodeId: string): Promise<void>;
  /** A new reason why a node cannot be driven. */
  tell(nodeId: string, reason: string | null): Promise<void>;
}

export interface DrivenDeps extends Pick<Deps, "db" | "ports" | "log"> {
  installationId: string;
  box: SecretBox;
  publish: PublishNode;
  /** Whether an agent at that address takes that secret. @throws AppError */
  check(url: string, secret: string): Promise<void>;
  /** The nodes to drive are others now. */
  changed(): void;
}

/** How long the agent of a revoked node is looked for. */
const partingMs = 30 * 24 * 3600_000;

const useOf = (nodeId: string): string => `node ${nodeId}`;

export function drivenNodes(deps: DrivenDeps): DrivenNodes {
  const { db, ports, log, box } = deps;
  const unopened = new Set<string>();
  const put = async (ownerId: string, node: NodeAddress): Promise<string> => {
    const id = await transaction(db, (tx) => store(tx, deps, ownerId, node));
    await deps.publish(id);
    deps.changed();
    return id;
  };
  return {
    async add(ownerId, node) {
      refuseOpenRoute(node.url);
      await deps.check(node.url, node.secret);
      return presentNode((await findNode(db, await put(ownerId, node)))!);
    },
    async ensure(node) {
      await put(deps.installationId, node);
    },
    async list() {
      const rows = [...(await listDriven(db)), ...(await listParting(db))];
      return rows.flatMap(({ id, url, sealed_secret, revoked_at }) => {
        try {
          const secret = box.open(sealed_secret!, useOf(id));
          unopened.delete(id);
          return [{ id, url: url!, secret, partUntil: revoked_at === null ? null : revoked_at + partingMs }];
        } catch (error) {
          // Once: the list is read every few seconds.
          if (!unopened.has(id))
            log.error({ node: id, err: error }, "a node cannot be driven: add it again with its secret");
          unopened.add(id);
          return [];
        }
      });
    },
    parted: (nodeId) => updateNode(db, nodeId, { sealed_secret: null }),
    async tell(nodeId, reason) {
      if (reason === null) return;
      log.warn({ node: nodeId, reason }, "a node cannot be driven");
      await transaction(db, async (tx) => {
        const row = await findNode(tx, nodeId);
        if (row && row.revoked_at === null) await appendNodeEvent(tx, ports, row, "drive_failed", { reason });
      });
    },
  };
}

/** Answers the node's id. One at this address that has this name and secret already is left as it is. */
async function store(
  tx: Knex.Transaction,
  { ports, box }: DrivenDeps,
  ownerId: string,
  { name, url, secret }: NodeAddress,
): Promise<string> {
  const known = (await listDriven(tx)).find((row) => row.url === url);
  if (!known) {
    const id = newId("node", ports);
    // It never dials in: nobody knows what this is the hash of.
    const secret_hash = hashToken(newSecret(ports.rng));
    const sealed_secret = box.seal(secret, useOf(id));
    const row = { id, owner_id: ownerId, name, secret_hash, created_at: ports.clock.now(), url, sealed_secret };
    // It is ours again: the node that it was before is not to be given back.
    for (const former of await listParting(tx))
      if (former.url === url) await updateNode(tx, former.id, { sealed_secret: null });
    await insertNode(tx, row);
    await appendNodeEvent(tx, ports, row, "added", { name, url });
    return id;
  }
  if (!holds(box, known, secret)) {
    await updateNode(tx, known.id, { sealed_secret: box.seal(secret, useOf(known.id)) });
    await appendNodeEvent(tx, ports, known, "secret_rotated");
  }
  if (known.name !== name) await updateNode(tx, known.id, { name });
  return known.id;
}

function holds(box: SecretBox, { id, sealed_secret }: NodeRow, secret: string): boolean {
  try {
    return box.open(sealed_secret!, useOf(id)) === secret;
  } catch {
    return false;
  }
}

/** What is wrong is the address, not who asks. @throws AppError invalid_request */
function refuseOpenRoute(url: string): void {
  try {
    secretRoute(new URL(url));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const faults = [{ pointer: "/url", detail: "must begin with https:// for a public address" }];
    throw new AppError("invalid_request", error.message, { faults, cause: error });
  }
}

/** Its secret is set on its own machine. @throws AppError conflict */
export function refuseDriven({ url, name }: Pick<NodeRow, "url" | "name">): void {
  if (url !== null)
    throw new AppError(
      "conflict",
      `The secret of ${name} is set on its machine. Change it there, then add the node again with the same address.`,
    );
}
