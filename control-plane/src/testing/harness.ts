/** The real application on a free port, with a real database and a folder of its own that go with the test. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import type { Config } from "../config.ts";
import { type Context, createContext, type Overrides } from "../context.ts";
import { silentLog } from "../platform/log.ts";
import { type Client, createClient } from "./client.ts";
import { databaseOf } from "./database.ts";

export const admin = { email: "admin@example.org", password: "seven quiet otters" };

export interface HarnessOptions {
  config?: Partial<Config>;
  overrides?: Overrides;
}

export interface Harness {
  context: Context;
  /** Signed in as the admin, where there is one. */
  client: Client;
  /** Nobody. */
  stranger: Client;
  config: Config;
}

/** Cheap enough that a test may sign in often; what is costly about it has tests of its own. */
const passwordCost = { memoryKib: 64, passes: 1 };

/** Boots with an admin unless `config.admin` is null. Starting the harness again on the same `config.dataDir` is a restart. */
export async function harness(t: ExecutionContext, { config, overrides }: HarnessOptions = {}): Promise<Harness> {
  const full: Config = { ...(await defaultConfig(t, config?.dataDir)), ...config };
  const context = await createContext(full, { log: silentLog, passwordCost, checkAnswers: true, ...overrides });
  t.teardown(() => context.close());
  const stranger = createClient(context.localUrl);
  const client = full.admin ? await stranger.signIn(full.admin) : stranger;
  return { context, client, stranger, config: full };
}

async function defaultConfig(t: ExecutionContext, given: string | undefined): Promise<Config> {
  const dataDir = given ?? (await temporaryFolder(t));
  return {
    dataDir,
    databaseUrl: await databaseOf(t, dataDir),
    logLevel: "silent",
    logFormat: "json",
    failpoint: undefined,
    host: "127.0.0.1",
    port: 0,
    webPort: 0,
    publicUrl: new URL("http://127.0.0.1:0"),
    admin,
    gamesDir: join(import.meta.dirname, "../../../games"),
    devLogin: false,
    trashDays: 30,
    localNode: false,
    node: null,
    tls: null,
    trustedProxies: [],
    corsOrigins: [],
    metricsToken: null,
    drainSeconds: 0,
  };
}

/** A folder that is removed after the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-test-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
