/** The composition root: everything this process is made of, built in order and closed in reverse. */
import type { Server } from "node:http";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { failpoint, type Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type Koa from "koa";
import type { Knex } from "knex";
import type { Config } from "./config.ts";
import { createHosting } from "./hosting/hosting.ts";
import { sessionOperations } from "./people/sessions/operations.ts";
import { createSessions, type Sessions } from "./people/sessions/service.ts";
import { setupOperations } from "./people/setup/operations.ts";
import { createSetup, type Setup } from "./people/setup/service.ts";
import { createUsers } from "./people/users/service.ts";
import { createPasswords, type PasswordCost } from "./people/users/passwords.ts";
import { type Bus, createBus } from "./platform/bus/bus.ts";
import { lockFolder } from "./platform/db/lock.ts";
import { openDatabase } from "./platform/db/db.ts";
import { migrate } from "./platform/db/migrate.ts";
import { coreMigrations, type Migration, telemetryMigrations } from "./platform/db/migrations.ts";
import { failpointNames, type Failpoints } from "./platform/failpoints.ts";
import { createApp } from "./platform/http/app.ts";
import type { Identify } from "./platform/http/credentials.ts";
import { createDashboard } from "./platform/http/dashboard.ts";
import { apiDocs } from "./platform/http/docs.ts";
import { healthOperations } from "./platform/http/health.ts";
import { prune } from "./platform/http/idempotency.ts";
import { closeServer, listen, portOf } from "./platform/http/listen.ts";
import { createLive } from "./platform/http/live.ts";
import { openapiDocument } from "./platform/http/openapi.ts";
import { createRegistry, type Operation, type RateClass } from "./platform/http/operation.ts";
import { createLimiter, defaultLimits, type Limit } from "./platform/http/rate.ts";
import { createUpgradeRouter, type UpgradeRouter } from "./platform/http/upgrade.ts";
import { installationId } from "./platform/installation.ts";
import { createLog, type Log } from "./platform/log.ts";

export interface Context {
  config: Config;
  ports: Ports;
  log: Log;
  core: Knex;
  telemetry: Knex;
  bus: Bus;
  installation: string;
  sessions: Sessions;
  setup: Setup;
  operations: readonly Operation[];
  /** Where the API answers on this machine, with the real port. */
  localUrl: string;
  /** Where people reach it. */
  publicUrl: URL;
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
  limits?: Partial<Record<RateClass | "account", Limit>>;
  /** Compare every answer with its declared schema. */
  checkAnswers?: boolean;
  /** More operations, to try the platform with. */
  operations?: readonly Operation[];
  die?: () => void;
}

/** Wrong passwords per account. */
const accountLimit: Limit = { points: 10, seconds: 60 };
const pruneMs = 3600 * 1000;

/** Starts everything and listens. What was started is closed again when a later part fails. */
export async function createContext(config: Config, overrides: Overrides = {}): Promise<Context> {
  const stops: (() => unknown)[] = [];
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    // First streams and sockets end, because the servers wait for every connection; then everything in reverse.
    for (const stop of stops.splice(0)) await stop();
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  const ending = {
    onStop: (stop: () => unknown) => stops.push(stop),
    onClose: (closer: () => unknown) => closers.push(closer),
  };
  try {
    return { ...(await build(config, overrides, ending)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type OnClose = (closer: () => unknown) => void;

interface Ending {
  /** Called first, in the order given: ends what keeps connections open. */
  onStop: OnClose;
  /** Called after that, in reverse order. */
  onClose: OnClose;
}

async function build(
  config: Config,
  overrides: Overrides,
  { onStop, onClose }: Ending,
): Promise<Omit<Context, "close">> {
  const base = await buildBase(config, overrides, onClose);
  onStop(base.stop);
  const people = await buildPeople(base, config, overrides);
  const upgrades = createUpgradeRouter({ ...base, isSetUp: people.setup.isDone });
  const hosting = await createHosting({ ...base, upgrades }, config);
  onStop(hosting.close);
  const identify: Identify = { user: people.sessions.identify, node: hosting.identifyNode };
  const live = createLive({ ...base, identify, aliveSessions: people.sessions.alive, upgrades });
  onStop(live.close);
  const operations = createRegistry([
    ...healthOperations({ db: base.core, stopping: base.stopping }),
    ...setupOperations(people.setup),
    ...sessionOperations(people.sessions, config),
    ...hosting.operations,
    ...(overrides.operations ?? []),
  ]);
  const app = await buildApp({ base, people, identify, operations, overrides });
  const localUrl = await serve(app, { config, base, upgrades, onClose });
  onClose(pruneEveryHour(base, people.sessions));
  return { ...base, ...people, config, operations, localUrl };
}

interface Base {
  ports: Ports;
  log: Log;
  core: Knex;
  /** The same as `core`, for those who know one database only. */
  db: Knex;
  telemetry: Knex;
  bus: Bus;
  installation: string;
  publicUrl: URL;
  failpoint: Failpoints;
  stopping: AbortSignal;
  stop(): void;
}

async function buildBase(config: Config, overrides: Overrides, onClose: OnClose): Promise<Base> {
  const ports = overrides.ports ?? systemPorts;
  const log = overrides.log ?? createLog(config.logLevel);
  const die = overrides.die ?? (() => process.kill(process.pid, "SIGKILL"));
  const failpointCalls = failpoint(failpointNames, config.failpoint, die);
  const stopping = new AbortController();
  const folder = join(config.dataDir, "control-plane");
  await mkdir(join(config.dataDir, "run"), { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  onClose(lockFolder(join(folder, "lock")));
  const core = await openMigrated(join(folder, "core.db"), "full", coreMigrations, ports, onClose);
  const telemetry = await openMigrated(join(folder, "telemetry.db"), "normal", telemetryMigrations, ports, onClose);
  return {
    ports,
    log,
    core,
    db: core,
    telemetry,
    bus: createBus(log),
    installation: await installationId(core, ports),
    publicUrl: new URL(config.publicUrl),
    failpoint: failpointCalls,
    stopping: stopping.signal,
    stop: () => stopping.abort(new Error("the control plane is stopping")),
  };
}

async function openMigrated(
  path: string,
  durability: "full" | "normal",
  migrations: readonly Migration[],
  { clock }: Ports,
  onClose: OnClose,
): Promise<Knex> {
  const db = openDatabase({ path, durability });
  onClose(() => db.destroy());
  await migrate(db, { path, migrations, clock });
  return db;
}

interface People {
  sessions: Sessions;
  setup: Setup;
}

async function buildPeople(base: Base, config: Config, overrides: Overrides): Promise<People> {
  const passwords = createPasswords(overrides.passwordCost);
  const accountLimiter = createLimiter("account", overrides.limits?.account ?? accountLimit);
  const users = createUsers(base.ports);
  const sessions = createSessions({ ...base, users, passwords, accountLimiter });
  // Those who came in without a password must not stay when that door is shut.
  if (!config.devLogin) await sessions.endAll({ kind: "dev" });
  return { sessions, setup: await createSetup({ ...base, users, sessions, passwords }, config.admin) };
}

function pruneEveryHour({ core, ports, log }: Base, sessions: Sessions): () => void {
  const work = async (): Promise<void> => {
    await sessions.prune();
    await prune(core, ports.clock);
  };
  return ports.timers.every(pruneMs, () => {
    work().catch((error: unknown) => log.error({ err: error }, "what has expired is not removed"));
  });
}

interface AppParts {
  base: Base;
  people: People;
  identify: Identify;
  operations: readonly Operation[];
  overrides: Overrides;
}

async function buildApp({ base, people, identify, operations, overrides }: AppParts): Promise<Koa> {
  const dashboard = await createDashboard(overrides.webDir ?? join(import.meta.dirname, "../../web/dist"));
  const limiter = (name: RateClass) => createLimiter(name, overrides.limits?.[name] ?? defaultLimits[name]);
  return createApp({
    ...base,
    identify,
    operations,
    isSetUp: people.setup.isDone,
    limiters: {
      read: limiter("read"),
      write: limiter("write"),
      login: limiter("login"),
      setup: limiter("setup"),
      join: limiter("join"),
    },
    checkAnswers: overrides.checkAnswers ?? false,
    setupPages: dashboard.setupPages,
    pages: [apiDocs(openapiDocument(operations)), dashboard.pages],
  });
}

interface Serving {
  config: Config;
  base: Base;
  upgrades: UpgradeRouter;
  onClose: OnClose;
}

/** Listens on both ports. Answers the API's address on this machine. */
async function serve(app: Koa, { config, base, upgrades, onClose }: Serving): Promise<string> {
  const { host } = config;
  const handler = app.callback();
  const open = async (port: number, variable: string): Promise<Server> => {
    const server = await listen({ host, port, variable, handler, upgrades });
    onClose(() => closeServer(server, base.ports.timers));
    return server;
  };
  const api = await open(config.port, "PLAYSPAWN_PORT");
  if (config.webPort !== 0 && config.webPort !== config.port) await open(config.webPort, "PLAYSPAWN_WEB_PORT");
  if (base.publicUrl.port === "0") base.publicUrl.port = String(portOf(api));
  return `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${portOf(api)}`;
}
