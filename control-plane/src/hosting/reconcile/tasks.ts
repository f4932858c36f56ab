/** What time alone changes, brought in order again and again. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@playspawn/shared";
import type { Knex } from "knex";
import { isPostgres } from "../../platform/db/migration-table.ts";
import { emptyLog } from "../../platform/db/sqlite.ts";
import { dropOldEvents } from "../../platform/events/retention.ts";
import type { Deps } from "../deps.ts";
import type { Catalogue } from "../games/catalogue.ts";
import type { Connections } from "../nodes/connections.ts";
import type { LocalToken } from "../nodes/local-token.ts";
import type { Nodes } from "../nodes/service.ts";
import type { Publisher } from "../servers/publisher.ts";
import type { Servers } from "../servers/service.ts";
import { dropOldSamples } from "../link/samples.ts";
import { loop } from "./loop.ts";

export interface ReconcileDeps extends Deps {
  telemetry: Knex;
  connections: Connections;
  connected(nodeId: string): boolean;
  publisher: Publisher;
  servers: Servers;
  nodes: Nodes;
  games: Catalogue;
  /** Null where no agent of this machine is to join by itself. */
  localToken: LocalToken | null;
}

const stateEveryMs = 5_000;
const keepingEveryMs = 10 * 60_000;
const dayMs = 24 * 3600_000;
const eventsKept = { days: 30, rows: 500_000, rowsPerTurn: 5_000 };
/** A hundred servers that never sleep write this much in three days and a half; nothing is charged for yet. */
const usageKept = { days: 30, rows: 500_000, rowsPerTurn: 10_000 };
const logsKeptDays = 90;
const samplesKeptDays = 7;
/** How long a deleted server's row tells whose a late event is. */
const removedKeptDays = 30;
/** A context, and its draft, is written before its game is in the catalogue. */
const contextsKeptMs = 3600_000;

export interface Reconciler {
  wake(): void;
  stop(): Promise<void>;
}

/** The first round is over when this resolves: sessions of a former process are not taken for live ones. */
export async function reconciler(deps: ReconcileDeps): Promise<Reconciler> {
  const fail = (error: unknown): void =>
    deps.log.error({ reason: messageOf(error) }, "the reconciler failed; it tries again");
  const { timers } = deps.ports;
  await refreshState(deps);
  const state = loop(() => refreshState(deps), { timers, everyMs: stateEveryMs, fail });
  const keeping = loop(() => forgetOld(deps), { timers, everyMs: keepingEveryMs, fail });
  return {
    wake: state.wake,
    async stop() {
      await Promise.all([state.stop(), keeping.stop()]);
    },
  };
}

async function refreshState({ connections, connected, publisher, servers, localToken }: ReconcileDeps): Promise<void> {
  for (const node of await connections.expire(connected)) await publisher.node(node);
  await servers.purgeDue();
  await servers.removeAbandoned();
  await localToken?.refresh();
}

/** Nothing here may grow for ever. */
async function forgetOld({ db, telemetry, ports, nodes, servers, games }: ReconcileDeps): Promise<void> {
  const now = ports.clock.now();
  for (const [sort, { days, rows, rowsPerTurn }] of [
    ["told", eventsKept],
    ["usage", usageKept],
  ] as const)
    await dropOldEvents(db, { sort, before: now - days * dayMs, keep: rows, limit: rowsPerTurn });
  await nodes.dropOldLogs(now - logsKeptDays * dayMs);
  await dropOldSamples(telemetry, now - samplesKeptDays * dayMs);
  await nodes.dropOldTokens();
  await servers.forgetRemoved(now - removedKeptDays * dayMs);
  if (!isPostgres(db)) await emptyLog(db);
  // A game that comes back finds its file, or writes it anew: never may it go in between.
  await games.inTurn(async () => {
    await dropUnusedContexts(games, await servers.contextsInUse(), now - contextsKeptMs);
  });
}

/** Contexts of games that were changed since stay for as long as a server is made from them. */
async function dropUnusedContexts(games: Catalogue, inUse: ReadonlySet<string>, before: number): Promise<void> {
  const loaded = new Set(games.list().games.map(({ context }) => context));
  const files = await readdir(games.contextsDir).catch(() => []);
  for (const file of files) {
    const [, sha256, draft] = /^([0-9a-f]{64})\.tar(\.\d+\.part)?$/.exec(file) ?? [];
    if (sha256 === undefined || (draft === undefined && (inUse.has(sha256) || loaded.has(sha256)))) continue;
    const path = join(games.contextsDir, file);
    if ((await stat(path)).mtimeMs < before) await rm(path);
  }
}
