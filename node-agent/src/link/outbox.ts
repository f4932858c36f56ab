/** What goes up: statuses, newest per server, and events in order. Both are kept until the control plane has stored them. */
import { frameBytesMax, type AgentFrame, type Ports, type StatusItem } from "@playspawn/shared";
import type { EventLog } from "../servers/event-log.ts";

/** Changes that come together go up together. */
const gatherMs = 5;
const resendAfterMs = 15_000;
const eventsPerFrame = 100;
const statusBytesMax = frameBytesMax / 2;

export interface OutboxDeps {
  epoch: number;
  ports: Ports;
  events: EventLog;
  /** Newest event number that the control plane has. */
  acked: number;
  statusOf(id: string): StatusItem | undefined;
  send(frame: AgentFrame): void;
  /** A frame with these items went out. */
  onStatusSent(items: readonly StatusItem[]): void;
}

export interface Outbox {
  /** This server's status is news. */
  status(id: string): void;
  /** Events were flushed. */
  flush(): void;
  acknowledged(ack: { seq?: number | undefined; events?: number | undefined }): void;
  /** Every heartbeat: what was not acknowledged for long goes up again. */
  tick(): void;
  close(): void;
}

export function outbox(deps: OutboxDeps): Outbox {
  const { epoch, events, ports, send } = deps;
  const fresh = new Set<string>();
  const unacked = new Map<string, { seq: number; at: number }>();
  let seq = 0;
  let cancel: (() => void) | undefined;
  let acked = deps.acked;
  /** Number of the last event of the batch under way, and when it was sent. */
  let underway: { last: number; at: number } | undefined;

  const sendStatus = (items: StatusItem[]): void => {
    seq++;
    for (const item of items) unacked.set(item.id, { seq, at: ports.clock.mono() });
    send({ t: "status", epoch, seq, items });
    deps.onStatusSent(items);
  };
  const flushStatus = (): void => {
    cancel = undefined;
    let items: StatusItem[] = [];
    let bytes = 0;
    for (const id of fresh) {
      const item = deps.statusOf(id);
      if (!item) continue;
      const size = JSON.stringify(item).length * 2;
      if (items.length > 0 && bytes + size > statusBytesMax) {
        sendStatus(items);
        items = [];
        bytes = 0;
      }
      items.push(item);
      bytes += size;
    }
    fresh.clear();
    if (items.length > 0) sendStatus(items);
  };
  const status = (id: string): void => {
    fresh.add(id);
    cancel ??= ports.timers.after(gatherMs, flushStatus);
  };
  const flush = (): void => {
    if (underway) return;
    const items = events.after(acked, eventsPerFrame);
    if (items.length === 0) return;
    underway = { last: items.at(-1)!.n, at: ports.clock.mono() };
    send({ t: "events", epoch, log: events.id, items });
  };
  const take = (n: number): void => {
    acked = Math.max(acked, n);
    events.acknowledge(acked);
    if (underway && acked >= underway.last) underway = undefined;
    flush();
  };

  return {
    status,
    flush,
    acknowledged(ack) {
      if (ack.seq !== undefined) for (const [id, sent] of unacked) if (sent.seq <= ack.seq) unacked.delete(id);
      if (ack.events !== undefined) take(ack.events);
    },
    tick() {
      const old = ports.clock.mono() - resendAfterMs;
      for (const [id, sent] of unacked) if (sent.at <= old) status(id);
      if (underway && underway.at <= old) underway = undefined;
      flush();
    },
    close() {
      cancel?.();
    },
  };
}
