/** Ends adopt mode: the database was restored from a backup, and the node knows newer changes than it. */
import type { Want } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Adoption } from "../nodes/service.ts";
import { areTaken, leasesFor } from "./create.ts";
import { specOf } from "./desired.ts";
import { forgetServer } from "./forget.ts";
import { insertLeases, leasesOf, listOnNode, updateServer, type ServerRow } from "./store.ts";
import { outOfTrash } from "./trash.ts";
import type { OwnedServer, Publisher } from "./publisher.ts";

export interface AdoptionDeps {
  now(): number;
  /** The node's next revision, at least `least`. */
  nextRev(tx: Knex.Transaction, node: string, least?: number): Promise<number>;
  publisher: Publisher;
}

export function adoption({ now, nextRev, publisher }: AdoptionDeps): Adoption {
  return {
    async settle(tx, nodeId, seenRev, accept) {
      const gone: OwnedServer[] = [];
      for (const row of await listOnNode(tx, nodeId)) {
        const to = row.trashed_at !== null ? await ofTrash(tx, row, accept) : ofOthers(row, accept);
        // Past what the node has seen, in revision and generation: else it would take our word for an old one.
        const rev = await nextRev(tx, nodeId, seenRev + 1);
        const gen = Math.max(row.gen, row.reported_gen) + 1;
        await updateServer(tx, row.id, { ...to, rev, gen, kick: null, updated_at: now() });
        // Of one in the trash the files are left: its node is to say when they are gone.
        if (to.want !== "absent" || row.have !== "absent" || row.trashed_at !== null) continue;
        await forgetServer(tx, row.id, { removed_at: now() });
        gone.push({ id: row.id, ownerId: row.owner_id });
      }
      await nextRev(tx, nodeId, seenRev + 1);
      return gone;
    },
    publishNode: (nodeId) => publisher.node(nodeId),
    publishGone: (servers) => servers.forEach(publisher.gone),
  };
}

function ofOthers(row: ServerRow, accept: boolean): { want: Want; purge: boolean } {
  const want = accept ? wantOfWhatIs(row) : row.want;
  return { want, purge: want === "absent" };
}

/**
 * One that is there on its node left the trash after the backup, and comes out of it here as well; unless its ports are
 * another's by now: then it is taken down, and its files wait.
 */
async function ofTrash(tx: Knex.Transaction, row: ServerRow, accept: boolean) {
  const stays = { want: "absent" as const, purge: Boolean(row.purge) };
  if (!accept || row.have === "absent") return stays;
  if (!(await leaseAgain(tx, row))) return { ...stays, purge: false };
  return { ...outOfTrash, want: wantOfWhatIs({ want: row.trashed_want ?? "auto", have: row.have }), purge: false };
}

/** @returns false when others have its ports */
async function leaseAgain(tx: Knex.Transaction, row: ServerRow): Promise<boolean> {
  if ((await leasesOf(tx, row.id)).length > 0) return true;
  const leases = leasesFor(row.node_id, row.id, specOf(row));
  if (await areTaken(tx, row.node_id, leases)) return false;
  await insertLeases(tx, leases);
  return true;
}

/** What runs wins: a server that is there is wanted, one that is gone from the node is gone. */
function wantOfWhatIs({ want, have }: Pick<ServerRow, "want" | "have">): Want {
  if (have === "absent") return "absent";
  if (have === "stopped") return "stopped";
  return want === "running" ? "running" : "auto";
}
