/** What is counted of this process: requests, queries, and its own health. Wings add theirs to the same registry. */
import { readFileSync } from "node:fs";
import { type Clock, type Ports, withLimit } from "@playspawn/shared";
import type { Knex } from "knex";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export const metricPrefix = "playspawn_";

export interface HttpRequestFigures {
  method: string;
  /** A path template or one of a few words: never a path as it was asked for, of which there are endlessly many. */
  route: string;
  status: number;
  seconds: number;
}

export interface Metrics {
  registry: Registry;
  countRequest(figures: HttpRequestFigures): void;
  /** Times every query of this database from now on, also those inside transactions, and shows whether it answers. */
  watchDatabase(name: DatabaseName, db: Knex): void;
  /** Whether these databases answer now; what is read from others cannot be shown. */
  answers(...names: DatabaseName[]): Promise<boolean>;
  /** A gauge whose value is asked for when somebody looks. */
  gauge(name: string, help: string, read: () => number): void;
}

export type DatabaseName = "core" | "telemetry";

/** Well within the time of a scrape: what is known without a database must still be told. */
const answerLimitMs = 2000;
/** Of the libraries' own: gauges whose name ends like a counter's, which Prometheus' linter refuses. */
const misnamed = ["active_handles", "active_requests", "active_resources"].map((name) => `nodejs_${name}_total`);
/** How often the event loop's lag is looked at: the library's 10 ms would be most of what an idle process does. */
const lagPrecisionMs = 200;
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export function createMetrics({ clock, timers }: Pick<Ports, "clock" | "timers">): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: metricPrefix, eventLoopMonitoringPrecision: lagPrecisionMs });
  for (const name of misnamed) registry.removeSingleMetric(metricPrefix + name);
  const labelNames = ["version"];
  const build = {
    name: `${metricPrefix}build_info`,
    help: "The version that runs, as a label.",
    labelNames,
    registers,
  };
  new Gauge(build).set({ version: version() }, 1);
  const requests = new Histogram({
    name: `${metricPrefix}http_request_duration_seconds`,
    help: "Time from a request's headers to the end of its answer; an answer that is followed lasts as long.",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30],
    registers,
  });
  const queries = new Histogram({
    name: `${metricPrefix}database_query_duration_seconds`,
    help: "Time of a query, without the wait for a connection.",
    labelNames: ["database", "kind"],
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5],
    registers,
  });
  const asks = new Map<DatabaseName, () => Promise<boolean>>();
  new Gauge({
    name: `${metricPrefix}database_up`,
    help: "Whether a database answers; while it does not, what is read from it is not shown.",
    labelNames: ["database"],
    registers,
    async collect() {
      for (const [database, ask] of asks) this.set({ database }, (await ask()) ? 1 : 0);
    },
  });
  return {
    registry,
    countRequest: ({ method, route, status, seconds }) =>
      requests.observe({ method: methods.has(method) ? method : "other", route, status: String(status) }, seconds),
    watchDatabase(name, db) {
      asks.set(name, asking(db, timers));
      watchQueries(db, clock, (kind, seconds) => queries.observe({ database: name, kind }, seconds));
    },
    async answers(...names) {
      const all = await Promise.all(names.map((name) => asks.get(name)!()));
      return !all.includes(false);
    },
    gauge(name, help, read) {
      new Gauge({
        name: metricPrefix + name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
  };
}

/** Who asks meanwhile shares the answer. */
function asking(db: Knex, timers: Ports["timers"]): () => Promise<boolean> {
  let running: Promise<boolean> | undefined;
  const ask = async (): Promise<boolean> => {
    try {
      await withLimit(timers, answerLimitMs, "the database", db.raw("SELECT 1"));
      return true;
    } catch {
      return false;
    }
  };
  return () => (running ??= ask().finally(() => (running = undefined)));
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return manifest.version;
}

interface Query {
  __knexQueryUid: string;
  /** The query builder's verb; raw SQL has none. */
  method?: string;
}

/** Verbs of the query builder; everything else is one kind, so that there are few. */
const kinds: Readonly<Record<string, string>> = {
  select: "select",
  first: "select",
  pluck: "select",
  insert: "insert",
  update: "update",
  del: "delete",
};
/** More at once than any pool has: a query whose end was never told must not be remembered for ever. */
const openMax = 1000;

function watchQueries(db: Knex, clock: Clock, done: (kind: string, seconds: number) => void): void {
  const begun = new Map<string, number>();
  const end = ({ __knexQueryUid: id, method }: Query): void => {
    const from = begun.get(id);
    if (from === undefined) return;
    begun.delete(id);
    done(kinds[method ?? ""] ?? "other", (clock.mono() - from) / 1000);
  };
  db.on("query", ({ __knexQueryUid: id }: Query) => {
    if (begun.size >= openMax) begun.clear();
    begun.set(id, clock.mono());
  });
  db.on("query-response", (_response: unknown, query: Query) => end(query));
  db.on("query-error", (_error: unknown, query: Query) => end(query));
}
