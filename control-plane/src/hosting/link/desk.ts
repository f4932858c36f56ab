/** What the frames of agents do to the database: one transaction per frame, dashboards told after it. */
import { messageOf, type AgentFrame } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction } from "../../platform/db/db.ts";
import type { Deps } from "../deps.ts";
import type { Connections, NodeState } from "../nodes/connections.ts";
import type { Publisher } from "../servers/publisher.ts";
import type { NodeRef, Reports, Taken } from "../servers/reports.ts";
import type { Desk, Snapshot } from "./wire.ts";

export interface DeskDeps extends Deps {
  telemetry: Knex;
  connections: Connections;
  reports: Reports;
  publisher: Publisher;
}

const refOf = ({ id, ownerId, adopt }: NodeState): NodeRef => ({ id, ownerId, adopt });

export function desk(deps: DeskDeps): Desk {
  const { db, connections, reports, publisher } = deps;

  const tellTaken = async (nodeId: string, { changed, removed, foreign }: Taken): Promise<void> => {
    if (foreign > 0) deps.log.warn({ node: nodeId, foreign }, "a node spoke of servers that are not of this node");
    await publisher.servers(changed);
    for (const gone of removed) publisher.removed(gone);
  };

  return {
    async hello(nodeId, hello) {
      const done = await transaction(db, async (tx) => {
        const begun = await connections.begin(tx, nodeId, hello);
        if (!begun) return null;
        const report = { epoch: begun.epoch, seq: 0, items: hello.report, complete: true };
        const taken = await reports.take(tx, refOf(begun), report);
        // What the report finished moved the revision on.
        const { rev } = await connections.state(tx, nodeId);
        const { adopt, epoch, logAck } = begun;
        return { taken, welcome: { epoch, rev, adopt, logAck, snapshot: await reports.snapshot(tx, nodeId) } };
      });
      await connections.publish(nodeId);
      // What was unknown while the node was away is known again, whether it changed or not.
      await publisher.node(nodeId);
      if (done) await tellTaken(nodeId, { ...done.taken, changed: [] });
      return done?.welcome ?? null;
    },

    async status(nodeId, { epoch, seq, items }) {
      const taken = await transaction(db, async (tx) => {
        const node = await connections.requireEpoch(tx, nodeId, epoch);
        return await reports.take(tx, refOf(node), { epoch, seq, items, complete: false });
      });
      await tellTaken(nodeId, taken);
      return taken.removed.length > 0;
    },

    async events(nodeId, { epoch, log, items }) {
      const { stored, last } = await transaction(db, async (tx) => {
        const node = await connections.requireEpoch(tx, nodeId, epoch);
        const before = await connections.logPosition(tx, nodeId, log);
        const fresh = items.filter(({ n }) => n > before).sort((a, b) => a.n - b.n);
        const once = fresh.filter(({ n }, i) => n !== fresh[i - 1]?.n);
        const last = once.at(-1)?.n ?? before;
        if (last > before) await connections.setLogPosition(tx, nodeId, log, last);
        return { stored: await reports.takeEvents(tx, refOf(node), once), last };
      });
      publisher.events(stored);
      return last;
    },

    async heartbeat(nodeId, frame) {
      const { rev, changed } = await connections.heartbeat(nodeId, frame.epoch);
      if (changed) await publisher.node(nodeId);
      await sample(deps, nodeId, frame);
      return rev;
    },

    snapshot: (nodeId) =>
      transaction(db, async (tx): Promise<Snapshot> => {
        const { rev, adopt } = await connections.state(tx, nodeId);
        return { rev, adopt, snapshot: await reports.snapshot(tx, nodeId) };
      }),

    changes: (nodeId, prev) =>
      transaction(db, async (tx) => {
        const { rev } = await connections.state(tx, nodeId);
        return await reports.changes(tx, nodeId, prev, rev);
      }),

    ended: (nodeId, epoch) => connections.ended(nodeId, epoch),
  };
}

/** Figures for curves; they may be lost, so a failure is only told. */
async function sample(
  { telemetry, ports, log }: DeskDeps,
  nodeId: string,
  frame: Extract<AgentFrame, { t: "hb" }>,
): Promise<void> {
  try {
    await telemetry("node_samples")
      .insert({
        node_id: nodeId,
        at: ports.clock.now(),
        load: frame.load,
        memory_free_bytes: frame.memoryFreeBytes,
        disk_free_bytes: frame.diskFreeBytes,
      })
      .onConflict(["node_id", "at"])
      .ignore();
  } catch (error) {
    log.warn({ node: nodeId, reason: messageOf(error) }, "a sample of a node is lost");
  }
}
