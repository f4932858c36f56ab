/**
 * Metrics of servers and nodes. Counters grow with what nodes reported and was stored, each event once; they start at 0
 * with the process, as Prometheus expects. Gauges are read from the database when somebody looks. Labels are ids, games
 * and closed lists of words: never people.
 */
import { type Capacity, messageOf, type Players } from "@playspawn/shared";
import { Counter, Gauge, Histogram } from "prom-client";
import type { Knex } from "knex";
import type { z } from "zod";
import type { Event } from "../../platform/events/events.ts";
import { type DatabaseName, type Metrics, metricPrefix } from "../../platform/metrics/metrics.ts";
import type { Deps } from "../deps.ts";
import { aboutServers, countServers, freeMemory, listNodeFigures, listPlayers, stepBefore } from "./store.ts";

export interface Meters {
  /** Counts events that were just stored. A failure is only told. */
  events(stored: readonly Event[]): Promise<void>;
  /** A server is gone: so are its figures. */
  removed(server: string): void;
}

interface MetersDeps extends Pick<Deps, "db" | "ports" | "log"> {
  telemetry: Knex;
  metrics: Metrics;
}

/** Nodes say it every 10 s; what is older says nothing of now. */
const sampleAgeMs = 60_000;

export function meters(deps: MetersDeps): Meters {
  const counters = createCounters(deps.metrics);
  createGauges(deps);
  return {
    async events(stored) {
      try {
        await countAll(deps, counters, stored);
      } catch (error) {
        deps.log.warn({ reason: messageOf(error) }, "events of servers are stored but not counted in the metrics");
      }
    },
    removed: (server) => counters.asleep.remove({ server }),
  };
}

type Counters = ReturnType<typeof createCounters>;

function createCounters({ registry }: Metrics) {
  const registers = [registry];
  return {
    wakes: new Counter({
      name: `${metricPrefix}wakes_total`,
      help: "Wakes that ended: with players let in (ready), or not (failed). One that was called off is neither.",
      labelNames: ["game", "trigger", "outcome"],
      registers,
    }),
    wakeSeconds: new Histogram({
      name: `${metricPrefix}wake_duration_seconds`,
      help: "Time from what woke a server until players were let in, as its node measured it.",
      labelNames: ["game"],
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320],
      registers,
    }),
    asleep: new Counter({
      name: `${metricPrefix}server_asleep_seconds_total`,
      help: "Time that a server slept, added when its node tells a finished window: every 15 minutes, and when it wakes.",
      labelNames: ["server"],
      registers,
    }),
  };
}

async function countAll({ db }: MetersDeps, counters: Counters, stored: readonly Event[]): Promise<void> {
  const usage = stored.filter(({ subject }) => subject.kind === "server_usage");
  const ends = stored.filter(({ subject, kind }) => subject.kind === "server" && wakeEnds.has(kind));
  if (usage.length + ends.length === 0) return;
  const about = await aboutServers(db, [...new Set([...usage, ...ends].map(({ subject }) => subject.id))]);
  // A server that is gone must not leave a series behind.
  for (const event of usage) if (about.get(event.subject.id)?.gone === false) countUsage(counters, event);
  for (const event of ends) await countWake(db, counters, event, about.get(event.subject.id)?.game ?? "unknown");
}

const wakeEnds = new Set(["ready", "failed", "crash"]);

function countUsage({ asleep }: Counters, { subject, data }: Event): void {
  const { state, fromMono, toMono } = data;
  if (state !== "hibernated" || typeof fromMono !== "number" || typeof toMono !== "number") return;
  // A node's figures are its own: one that runs backwards must not break the counter.
  if (toMono > fromMono) asleep.inc({ server: subject.id }, (toMono - fromMono) / 1000);
}

async function countWake(db: Knex, { wakes, wakeSeconds }: Counters, event: Event, game: string): Promise<void> {
  if (event.kind === "ready") {
    wakes.inc({ game, trigger: triggerOf(event.cause), outcome: "ready" });
    const { totalMs } = event.data;
    if (typeof totalMs === "number" && totalMs >= 0) wakeSeconds.observe({ game }, totalMs / 1000);
    return;
  }
  // A game that crashed while people played, or a deployment that failed, was no wake.
  const before = await stepBefore(db, event.subject.id, event.seq);
  if (before.kind !== "wake") return;
  const cause = before.cause === null ? null : (JSON.parse(before.cause) as Event["cause"]);
  wakes.inc({ game, trigger: triggerOf(cause), outcome: "failed" });
}

/** The wire's own closed list of causes. */
const triggerOf = (cause: Event["cause"]): string => (typeof cause?.["kind"] === "string" ? cause["kind"] : "unknown");

interface Figure {
  labels: Record<string, string>;
  value: number;
}

function createGauges({ db, telemetry, ports, metrics }: MetersDeps): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    read: () => Promise<Figure[]>,
    sources: readonly DatabaseName[] = ["core"],
  ): void => {
    new Gauge({
      name: metricPrefix + name,
      help,
      labelNames,
      registers: [metrics.registry],
      async collect() {
        // Nothing is known then, and the figures of before would be taken for those of now.
        const figures = (await metrics.answers(...sources)) ? await read() : [];
        // Without a pause in between: two who look at once must not add to each other's.
        this.reset();
        for (const { labels, value } of figures) this.inc(labels, value);
      },
    });
  };
  gauge("servers", "Servers by what their node reports.", ["state", "game"], async () =>
    (await countServers(db)).map(({ state, game, servers }) => ({ labels: { state, game }, value: servers })),
  );
  const players = async (of: "online" | "max"): Promise<Figure[]> =>
    (await listPlayers(db)).map((row) => ({
      labels: { server: row.id },
      value: (JSON.parse(row.players) as Players)[of],
    }));
  gauge("server_players", "Players on a server that runs.", ["server"], () => players("online"));
  gauge("server_players_max", "Seats of a server that runs.", ["server"], () => players("max"));
  gauge("node_up", "Whether a node is connected.", ["node"], async () =>
    (await listNodeFigures(db)).map(({ id, session }) => ({
      labels: { node: id },
      value: session === "connected" ? 1 : 0,
    })),
  );
  const memory = async (): Promise<Figure[]> => {
    const free = await freeMemory(telemetry, ports.clock.now() - sampleAgeMs);
    return (await listNodeFigures(db)).flatMap(({ id, capacity }) => memoryOf(id, capacity, free.get(id)));
  };
  const aboutMemory = "Memory of a node: total, and free as it last said.";
  gauge("node_memory_bytes", aboutMemory, ["node", "kind"], memory, ["core", "telemetry"]);
}

function memoryOf(node: string, capacity: string | null, free: number | undefined): Figure[] {
  if (capacity === null) return [];
  const { memoryBytes } = JSON.parse(capacity) as z.infer<typeof Capacity>;
  const total = { labels: { node, kind: "total" }, value: memoryBytes };
  return free === undefined ? [total] : [total, { labels: { node, kind: "free" }, value: free }];
}
