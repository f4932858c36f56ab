/** Ends adopt mode: the database was restored from a backup, and the node knows newer changes than it. */
import type { Want } from "@playspawn/shared";
import type { Knex } from "knex";
import type { Adoption } from "../nodes/service.ts";
import { dropLeases, listOnNode, updateServer, type ServerRow } from "./store.ts";
import type { Publisher } from "./publisher.ts";

export interface AdoptionDeps {
  now(): number;
  /** The node's next revision, at least `least`. */
  nextRev(tx: Knex.Transaction, node: string, least?: number): Promise<number>;
  publisher: Publisher;
}

export function adoption({ now, nextRev, publisher }: AdoptionDeps): Adoption {
  return {
    async settle(tx, nodeId, seenRev, accept) {
      for (const row of await listOnNode(tx, nodeId)) {
        // What lies in the trash stays there: its files are not this node's to take away.
        if (row.trashed_at !== null && !row.purge) continue;
        const want = accept ? wantOfWhatIs(row) : row.want;
        // Past what the node has seen, in revision and generation: else it would take our word for an old one.
        const rev = await nextRev(tx, nodeId, seenRev + 1);
        const gen = Math.max(row.gen, row.reported_gen) + 1;
        await updateServer(tx, row.id, { want, rev, gen, kick: null, purge: want === "absent", updated_at: now() });
        if (want !== "absent" || row.have !== "absent") continue;
        await dropLeases(tx, row.id);
        await updateServer(tx, row.id, { removed_at: now() });
      }
      await nextRev(tx, nodeId, seenRev + 1);
    },
    publishNode: (nodeId) => publisher.node(nodeId),
  };
}

/** What runs wins: a server that is there is wanted, one that is gone from the node is gone. */
function wantOfWhatIs({ want, have }: ServerRow): Want {
  if (have === "absent") return "absent";
  if (have === "stopped") return "stopped";
  return want === "running" ? "running" : "auto";
}
