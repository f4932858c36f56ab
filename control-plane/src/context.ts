/** The composition root: everything this process is made of, built in order and closed in reverse. */
import type { RequestListener, Server } from "node:http";
import { join } from "node:path";
import { failpoint, type Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type Koa from "koa";
import type { Config } from "./config.ts";
import { createHosting } from "./hosting/hosting.ts";
import { createPeople, type People } from "./people/people.ts";
import type { GuessClass } from "./people/sessions/guesses.ts";
import type { PasswordCost } from "./people/users/passwords.ts";
import { createStaging } from "./platform/backup/staging.ts";
import { createEnding, type Ending } from "./platform/ending.ts";
import { failpointNames } from "./platform/failpoints.ts";
import { type Foundation, openFoundation } from "./platform/foundation.ts";
import { createApp } from "./platform/http/app.ts";
import type { Identify } from "./platform/http/credentials.ts";
import { databaseChecks } from "./platform/http/checks.ts";
import { createDashboard } from "./platform/http/dashboard.ts";
import { apiDocs } from "./platform/http/docs.ts";
import { healthOperations } from "./platform/http/health.ts";
import { prune } from "./platform/http/idempotency.ts";
import { closeServer, listen, portOf, renewTls } from "./platform/http/listen.ts";
import { metricsPage } from "./platform/http/metrics.ts";
import { createLive } from "./platform/http/live.ts";
import { openapiDocument } from "./platform/http/openapi.ts";
import { createRegistry, type Operation, type RateClass } from "./platform/http/operation.ts";
import { createLimiters, type Limit } from "./platform/http/rate.ts";
import { createPeers, type Peers } from "./platform/http/peer.ts";
import { createSessionWatch, type SessionWatch } from "./platform/http/session-watch.ts";
import { readTls, type TlsMaterial, watchTls } from "./platform/http/tls.ts";
import { createUpgradeRouter, type UpgradeRouter } from "./platform/http/upgrade.ts";
import { type Log, openLog } from "./platform/log.ts";
import { createMetrics, type Metrics } from "./platform/metrics/metrics.ts";

export interface Context extends Foundation, Omit<People, "operations"> {
  operations: readonly Operation[];
  /** Where the API answers on this machine, with the real port. */
  localUrl: string;
  /** Where people reach it. */
  publicUrl: URL;
  /** Settles when a backup lies ready: this process must end, and be started again to restore it. */
  restart: Promise<void>;
  /** How long `close` says that it is about to stop before anything ends. */
  drainMs: number;
  /** Stops in reverse order; game servers keep running. */
  close(): Promise<void>;
}

/** What tests replace. */
export interface Overrides {
  ports?: Ports;
  log?: Log;
  /** Folder of the built dashboard. */
  webDir?: string;
  passwordCost?: PasswordCost;
  limits?: Partial<Record<RateClass | GuessClass, Limit>>;
  /** Compare every answer with its declared schema. */
  checkAnswers?: boolean;
  /** More operations, to try the platform with. */
  operations?: readonly Operation[];
  die?: () => void;
}

const pruneMs = 3600 * 1000;

/** Starts everything and listens. What was started is closed again when a later part fails. */
export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const ending = createEnding();
  const draining = new AbortController();
  const drainMs = config.drainSeconds * 1000;
  try {
    const parts = await build(config, overrides, { ending, isDraining: () => draining.signal.aborted });
    const close = async (): Promise<void> => {
      const isFirst = !draining.signal.aborted;
      draining.abort();
      if (isFirst && drainMs > 0) await parts.ports.timers.sleep(drainMs);
      await ending.run();
    };
    return { ...parts, drainMs, close };
  } catch (error) {
    await ending.run();
    throw error;
  }
}

interface Life {
  ending: Ending;
  isDraining(): boolean;
}

async function build(
  config: Config,
  overrides: Overrides,
  { ending, isDraining }: Life,
): Promise<Omit<Context, "close" | "drainMs">> {
  const ports = overrides.ports ?? systemPorts;
  const log = overrides.log ?? (await openLog(config.logLevel, config.logFormat));
  const die = overrides.die ?? (() => process.kill(process.pid, "SIGKILL"));
  const foundation = await openFoundation({ ...config, ports, log }, ending);
  const metrics = createMetrics(ports);
  metrics.watchDatabase("core", foundation.db);
  metrics.watchDatabase("telemetry", foundation.telemetry);
  const { promise: restart, resolve } = Promise.withResolvers<void>();
  const staging = createStaging({ ...foundation, ...config, ports, log, restart: resolve });
  const people = await createPeople(
    { ...foundation, staging },
    {
      ...config,
      passwordCost: overrides.passwordCost,
      limits: overrides.limits,
    },
  );
  const peers = createPeers(config.trustedProxies);
  const site = { ...foundation, publicUrl: new URL(config.publicUrl), peers, isSetUp: people.setup.isDone };
  const upgrades = createUpgradeRouter(site);
  const failpoints = failpoint(failpointNames, config.failpoint, die);
  const hosting = await createHosting({ ...site, failpoint: failpoints, upgrades, metrics }, config);
  ending.onStop(hosting.close);
  const identify: Identify = { user: people.sessions.identify, node: hosting.identifyNode };
  const sessionWatch = createSessionWatch({ ...foundation, aliveSessions: people.sessions.alive });
  ending.onStop(sessionWatch.close);
  const checkMessages = overrides.checkAnswers ?? false;
  const live = createLive({ ...site, identify, sessionWatch, upgrades, checkMessages });
  ending.onStop(live.close);
  metrics.gauge("live_sockets", "Dashboards and programs that follow changes.", live.size);
  const operations = createRegistry([
    ...healthOperations({ ...foundation, isDraining, checks: [...databaseChecks(foundation), ...hosting.checks] }),
    ...people.operations,
    ...hosting.operations,
    ...(overrides.operations ?? []),
  ]);
  const metricsToken = config.metricsToken;
  const app = await buildApp(
    { ...site, corsOrigins: new Set(config.corsOrigins), identify, sessionWatch, operations, metrics, metricsToken },
    overrides,
  );
  const localUrl = await serve(app, { config, site, upgrades, ending });
  pruneEveryHour(foundation, people, ending);
  return { ...foundation, ...people, operations, localUrl, publicUrl: site.publicUrl, restart };
}

interface Site extends Foundation {
  publicUrl: URL;
  peers: Peers;
  isSetUp(): boolean;
}

interface AppParts extends Site {
  corsOrigins: ReadonlySet<string>;
  identify: Identify;
  sessionWatch: SessionWatch;
  operations: readonly Operation[];
  metrics: Metrics;
  metricsToken: string | null;
}

async function buildApp(parts: AppParts, overrides: Overrides): Promise<Koa> {
  const dashboard = await createDashboard(overrides.webDir ?? join(import.meta.dirname, "../../web/dist"));
  const { ports, peers, metrics, metricsToken } = parts;
  return createApp({
    ...parts,
    countRequest: metrics.countRequest,
    limiters: createLimiters(overrides.limits),
    checkAnswers: overrides.checkAnswers ?? false,
    setupPages: dashboard.setupPages,
    pages: [
      metricsPage({ registry: metrics.registry, ports, peers, token: metricsToken }),
      apiDocs(openapiDocument(parts.operations)),
      dashboard.pages,
    ],
  });
}

interface Serving {
  config: Config;
  site: Site;
  upgrades: UpgradeRouter;
  ending: Ending;
}

/** Listens on both ports. Answers the API's address on this machine. */
async function serve(app: Koa, { config, site, upgrades, ending }: Serving): Promise<string> {
  const { host } = config;
  const answer = app.callback();
  const handler: RequestListener = (request, response) => void answer(request, response);
  const tls = config.tls && readTls(config.tls);
  const servers: Server[] = [];
  const open = async (port: number, variable: string): Promise<Server> => {
    const server = await listen({ ...site, host, port, variable, handler, upgrades, tls });
    ending.onClose(() => closeServer(server, site.ports.timers));
    servers.push(server);
    return server;
  };
  const api = await open(config.port, "PLAYSPAWN_PORT");
  if (config.webPort !== 0 && config.webPort !== config.port) await open(config.webPort, "PLAYSPAWN_WEB_PORT");
  const renew = (pair: TlsMaterial): void => servers.forEach((server) => renewTls(server, pair));
  if (config.tls) ending.onClose(watchTls(config.tls, { ...site, use: renew }));
  if (site.publicUrl.port === "0") site.publicUrl.port = String(portOf(api));
  return `${tls ? "https" : "http"}://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${portOf(api)}`;
}

function pruneEveryHour({ db, ports, log }: Foundation, { sessions }: People, ending: Ending): void {
  const work = async (): Promise<void> => {
    await sessions.prune();
    await prune(db, ports.clock);
  };
  const cancel = ports.timers.every(pruneMs, () => {
    work().catch((error: unknown) => log.error({ err: error }, "what has expired is not removed"));
  });
  ending.onClose(cancel);
}
