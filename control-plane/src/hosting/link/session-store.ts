/** What the frames of agents do to the database: one transaction per frame, dashboards told after it. */
import { messageOf, type AgentFrame } from "@playspawn/shared";
import type { Knex } from "knex";
import { transaction } from "../../platform/db/db.ts";
import type { Event } from "../../platform/events/events.ts";
import type { Deps } from "../deps.ts";
import type { Connections, NodeState } from "../nodes/connections.ts";
import type { Meters } from "../meters/meters.ts";
import type { Publisher } from "../servers/publisher.ts";
import type { NodeRef, Reports, Taken } from "../servers/reports.ts";
import { insertSample } from "./samples.ts";
import type { SessionStore, Welcome } from "./wire.ts";

export interface SessionStoreDeps extends Deps {
  telemetry: Knex;
  connections: Connections;
  reports: Reports;
  publisher: Publisher;
  meters: Meters;
}

type Frame<T extends AgentFrame["t"]> = Extract<AgentFrame, { t: T }>;

const refOf = ({ id, ownerId, adopt }: NodeState): NodeRef => ({ id, ownerId, adopt });

export function sessionStore(deps: SessionStoreDeps): SessionStore {
  const { db, connections, reports, publisher, meters } = deps;
  return {
    async hello(nodeId, hello) {
      const done = await transaction(db, (tx) => storeHello(tx, deps, nodeId, hello));
      await connections.publish(nodeId);
      // What was unknown while the node was away is known again, whether it changed or not.
      await publisher.node(nodeId);
      if (done) await tellTaken(deps, nodeId, { ...done.taken, changed: [] });
      return done?.welcome ?? null;
    },
    async status(nodeId, { epoch, seq, items }) {
      const taken = await transaction(db, async (tx) => {
        const node = await connections.requireEpoch(tx, nodeId, epoch);
        return await reports.take(tx, refOf(node), { epoch, seq, items, complete: false });
      });
      await tellTaken(deps, nodeId, taken);
      return taken.moved;
    },
    async events(nodeId, frame) {
      const { stored, last } = await transaction(db, (tx) => storeEvents(tx, deps, nodeId, frame));
      publisher.events(stored);
      await meters.events(stored);
      return last;
    },
    async heartbeat(nodeId, frame) {
      const { rev, changed } = await connections.heartbeat(nodeId, frame);
      if (changed) await publisher.node(nodeId);
      await sample(deps, nodeId, frame);
      return rev;
    },
    snapshot: (nodeId) =>
      transaction(db, async (tx) => {
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

async function tellTaken(
  { publisher, log }: SessionStoreDeps,
  nodeId: string,
  { changed, removed, foreign, events }: Taken,
): Promise<void> {
  if (foreign > 0) log.warn({ node: nodeId, foreign }, "a node spoke of servers that are not of this node");
  await publisher.servers(changed);
  publisher.events(events);
  for (const gone of removed) publisher.gone(gone);
}

async function storeHello(
  tx: Knex.Transaction,
  { connections, reports }: SessionStoreDeps,
  nodeId: string,
  hello: Frame<"hello">,
): Promise<{ taken: Taken; welcome: Welcome } | null> {
  const begun = await connections.begin(tx, nodeId, hello);
  if (!begun) return null;
  const report = { epoch: begun.epoch, seq: 0, items: hello.report, complete: true };
  const taken = await reports.take(tx, refOf(begun), report);
  // What the report finished moved the revision on.
  const { rev } = await connections.state(tx, nodeId);
  const { adopt, epoch, logAck } = begun;
  return { taken, welcome: { epoch, rev, adopt, logAck, snapshot: await reports.snapshot(tx, nodeId) } };
}

/** Each number once, however often and in whatever order it comes. */
async function storeEvents(
  tx: Knex.Transaction,
  { connections, reports }: SessionStoreDeps,
  nodeId: string,
  { epoch, log, items }: Frame<"events">,
): Promise<{ stored: Event[]; last: number }> {
  const node = await connections.requireEpoch(tx, nodeId, epoch);
  const before = await connections.logPosition(tx, nodeId, log);
  const fresh = items.filter(({ n }) => n > before).sort((a, b) => a.n - b.n);
  const once = fresh.filter(({ n }, i) => n !== fresh[i - 1]?.n);
  const last = once.at(-1)?.n ?? before;
  if (last > before) await connections.setLogPosition(tx, nodeId, log, last);
  return { stored: await reports.takeEvents(tx, refOf(node), once), last };
}

/** A failure is only told. */
async function sample({ telemetry, ports, log }: SessionStoreDeps, nodeId: string, frame: Frame<"hb">): Promise<void> {
  try {
    await insertSample(telemetry, nodeId, ports.clock.now(), frame);
  } catch (error) {
    log.warn({ node: nodeId, reason: messageOf(error) }, "a sample of a node is lost");
  }
}
