/** What agents say of servers, taken in; and what they are to hear. Everything here runs inside the caller's transaction. */
import type { AgentEvent, DesiredServer, StatusItem } from "@playspawn/shared";
import type { Knex } from "knex";
import { appendEvent, type Event } from "../../platform/events/events.ts";
import { trimEvents } from "../../platform/events/retention.ts";
import type { Deps } from "../deps.ts";
import { desiredOf, kickOf } from "./desired.ts";
import { forgetServer } from "./forget.ts";
import { afterUpdate } from "./updates.ts";
import {
  dropLeases,
  findOnNode,
  findOwners,
  listChanged,
  listOnNode,
  recordBytes,
  updateServer,
  type Owner,
  type ServerChange,
  type ServerRow,
} from "./store.ts";

export interface NodeRef {
  id: string;
  ownerId: string;
  /** What runs wins until an operator confirms. */
  adopt: boolean;
}

export interface Taken {
  /** What is wanted changed with it: the agent is to hear of that. */
  moved: boolean;
  /** Told to dashboards with the rest. */
  events: Event[];
  changed: string[];
  removed: { id: string; ownerId: string }[];
  /** Items about servers that are not of this node. */
  foreign: number;
}

export interface Report {
  epoch: number;
  seq: number;
  items: readonly StatusItem[];
  /** What is not in `items` does not exist on the node. */
  complete: boolean;
}

export interface Changes {
  rev: number;
  upsert: DesiredServer[];
  remove: string[];
}

export interface Reports {
  snapshot(tx: Knex.Transaction, nodeId: string): Promise<DesiredServer[]>;
  /** As much as fits one frame; null when nothing changed after `prev`. @param rev the node's own */
  changes(tx: Knex.Transaction, nodeId: string, prev: number, rev: number): Promise<Changes | null>;
  take(tx: Knex.Transaction, node: NodeRef, report: Report): Promise<Taken>;
  takeEvents(tx: Knex.Transaction, node: NodeRef, items: readonly AgentEvent[]): Promise<Event[]>;
}

/** Well below the frame's limit: the frame holds more than the records. */
const pageBytesMax = 768 * 1024;
const pageRowsMax = 500;
const eventDataBytesMax = 4096;
/** Of one server, or of one node; of usage windows that is three days and a half. So no node pushes out what others did. */
const eventsKept = 5_000;

export interface ReportsDeps extends Pick<Deps, "ports"> {
  nextRev(tx: Knex.Transaction, node: string): Promise<number>;
}

export const reports = (deps: ReportsDeps): Reports => ({
  snapshot: async (tx, nodeId) => (await listOnNode(tx, nodeId)).map(desiredOf),
  changes: changesAfter,
  take: (tx, node, report) => take(tx, deps, node, report),
  async takeEvents(tx, node, items) {
    const named = items.flatMap((item) => (item.server === null ? [] : [item.server]));
    const owners = await findOwners(tx, node.id, named);
    const stored: Event[] = [];
    for (const item of items) stored.push(await appendEvent(tx, deps.ports, eventOf(item, node, owners)));
    const subjects = new Map(stored.map(({ subject }) => [`${subject.kind} ${subject.id}`, subject]));
    for (const subject of subjects.values()) await trimEvents(tx, { subject, keep: eventsKept });
    return stored;
  },
});

async function changesAfter(tx: Knex.Transaction, nodeId: string, prev: number, rev: number): Promise<Changes | null> {
  if (rev === prev) return null;
  const rows = await listChanged(tx, nodeId, prev, pageRowsMax + 1);
  const page = firstPage(rows);
  const records = page.filter((row) => row.removed_at === null);
  return {
    rev: page.length < rows.length ? page.at(-1)!.rev : rev,
    upsert: records.map(desiredOf),
    remove: page.filter((row) => row.removed_at !== null).map((row) => row.id),
  };
}

async function take(tx: Knex.Transaction, deps: ReportsDeps, node: NodeRef, report: Report): Promise<Taken> {
  const { epoch, seq, items, complete } = report;
  const ids = items.map(({ id }) => id);
  const known = complete ? await listOnNode(tx, node.id) : await findOnNode(tx, node.id, ids);
  const named = new Set(ids);
  const rows = new Map(known.map((row) => [row.id, row]));
  const taken: Taken = { moved: false, events: [], changed: [], removed: [], foreign: 0 };
  for (const item of items) {
    const row = rows.get(item.id);
    if (!row) taken.foreign++;
    if (!row || !isNewer(row, epoch, seq)) continue;
    const down = row.want === "absent" && item.state === "absent" && item.gen >= row.gen && !node.adopt;
    const isTrashed = row.trashed_at !== null && !row.purge;
    if (down && isTrashed) await dropLeases(tx, row.id);
    if (down && !isTrashed) {
      await finishRemoval(tx, deps, row);
      taken.removed.push({ id: row.id, ownerId: row.owner_id });
      taken.moved = true;
      rows.delete(row.id);
    } else {
      await store(tx, deps, row, { item, epoch, seq }, taken);
      taken.changed.push(row.id);
    }
  }
  if (complete) {
    const missing = [...rows.values()].filter((row) => !named.has(row.id));
    await markMissing(tx, missing, { epoch, seq, now: deps.ports.clock.now() });
    taken.changed.push(...missing.map(({ id }) => id));
  }
  return taken;
}

/** Takes one status in; an update that it ends changes what is wanted, too. */
async function store(
  tx: Knex.Transaction,
  { ports, nextRev }: ReportsDeps,
  row: ServerRow,
  { item, epoch, seq }: { item: StatusItem; epoch: number; seq: number },
  taken: Taken,
): Promise<void> {
  const { to, ended } = afterUpdate(row, item.update);
  const newer = ended && { gen: Math.max(row.gen, item.gen) + 1, rev: await nextRev(tx, row.node_id) };
  await updateServer(tx, row.id, { ...reported(row, item, epoch, seq), ...to, ...newer });
  if (!ended) return;
  taken.moved = true;
  const data = { ...(item.update?.error && { message: item.update.error.message.slice(0, 1000) }) };
  const subject = { kind: "server", id: row.id };
  taken.events.push(await appendEvent(tx, ports, { ownerId: row.owner_id, subject, kind: ended, cause: null, data }));
}

/** The agent has done what `want: absent` asks for: the row goes, and the agent hears that it may forget it. */
async function finishRemoval(tx: Knex.Transaction, { ports, nextRev }: ReportsDeps, row: ServerRow): Promise<void> {
  const rev = await nextRev(tx, row.node_id);
  await forgetServer(tx, row.id, { removed_at: ports.clock.now(), rev, have: "absent" });
  await appendEvent(tx, ports, {
    ownerId: row.owner_id,
    subject: { kind: "server", id: row.id },
    kind: "deleted",
    cause: null,
    data: {},
  });
}

/** Newest wins: a report of an older connection, or one that was sent twice, says nothing new. */
const isNewer = (row: ServerRow, epoch: number, seq: number): boolean =>
  epoch > row.status_epoch || (epoch === row.status_epoch && seq > row.status_seq);

function reported(row: ServerRow, item: StatusItem, epoch: number, seq: number): ServerChange {
  const kick = kickOf(row);
  const handled = kick !== null && item.kick >= kick.gen;
  return {
    have: item.state,
    tier: item.tier,
    cause: item.cause === null ? null : JSON.stringify(item.cause),
    since: item.since,
    players: item.players === null ? null : JSON.stringify(item.players),
    detail: JSON.stringify(item.detail),
    reported_gen: item.gen,
    status_epoch: epoch,
    status_seq: seq,
    fresh: item.fresh ?? null,
    ...(item.gen >= row.gen && item.fresh !== false && { made_spec: null }),
    // Level-triggered: the kick stands until the agent says that it has it.
    ...(handled && { kick: null }),
  };
}

/** A complete report without a server says that nothing of it is on the node. */
async function markMissing(
  tx: Knex.Transaction,
  rows: readonly ServerRow[],
  { epoch, seq, now }: { epoch: number; seq: number; now: number },
): Promise<void> {
  for (const row of rows) {
    const gone = { have: "absent" as const, tier: null, players: null, cause: null, detail: "{}", fresh: null };
    const since = row.have === "absent" ? row.since : now;
    await updateServer(tx, row.id, { ...gone, since, status_epoch: epoch, status_seq: seq });
  }
}

/** Rows of equal revision stay together, so that no page ends between them. */
function firstPage(rows: readonly ServerRow[]): ServerRow[] {
  const page: ServerRow[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += Buffer.byteLength(row.spec) + recordBytes;
    const full = bytes > pageBytesMax || page.length >= pageRowsMax;
    if (full && page.length > 0 && page.at(-1)!.rev !== row.rev) break;
    page.push(row);
  }
  return page;
}

/**
 * A server that is not of this node is kept as the node's own event: its word must reach nobody else's server, and
 * an event must not be lost. Of a server that is deleted it is kept that something happened, not who came or what its game wrote.
 */
function eventOf(item: AgentEvent, node: NodeRef, owners: ReadonlyMap<string, Owner>) {
  const owner = item.server === null ? undefined : owners.get(item.server);
  const data = boundedData({ ...item.data, gen: item.gen });
  const base = { kind: item.kind, cause: item.cause, at: item.at };
  if (owner === undefined || item.server === null)
    return {
      ...base,
      ownerId: node.ownerId,
      subject: { kind: "node", id: node.id },
      data: item.server === null ? data : { ...data, server: item.server.slice(0, 100) },
    };
  // Usage windows are for metering, not for people to read among the others.
  const kind = item.kind === "usage" ? "server_usage" : "server";
  const event = { ...base, ownerId: owner.ownerId, subject: { kind, id: item.server }, data };
  if (kind === "server_usage" || !owner.isGone) return event;
  return { ...event, cause: item.cause && { kind: item.cause.kind }, data: { gen: item.gen } };
}

function boundedData(data: AgentEvent["data"]): AgentEvent["data"] {
  if (Buffer.byteLength(JSON.stringify(data)) <= eventDataBytesMax) return data;
  const cut = Object.entries(data)
    .slice(0, 20)
    .map(([key, value]) => [key.slice(0, 40), typeof value === "string" ? value.slice(0, 100) : value] as const);
  return Object.fromEntries(cut);
}
