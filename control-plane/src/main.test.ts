import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import { openDatabase } from "./platform/db/db.ts";
import { migrate } from "./platform/db/migrate.ts";
import { coreMigrations } from "./platform/db/migrations.ts";
import type { Place } from "./platform/db/place.ts";
import { cableTo } from "./testing/cable.ts";
import { databaseOf, testServer } from "./testing/database.ts";
import { admin, temporaryFolder } from "./testing/harness.ts";

interface Ready {
  t: "ready";
  url: string;
  setupUrl: string | null;
}

interface Running {
  child: ChildProcess;
  ready: Promise<Ready>;
  ended: Promise<{ code: number | null; signal: string | null; said: string }>;
}

/** A data folder, and the database that belongs to it where tests run on a server. */
async function home(t: ExecutionContext, dir?: string): Promise<{ PLAYSPAWN_DATA_DIR: string; DATABASE_URL: string }> {
  const folder = dir ?? (await temporaryFolder(t));
  // One that is empty counts as not set.
  return { PLAYSPAWN_DATA_DIR: folder, DATABASE_URL: (await databaseOf(t, folder)) ?? "" };
}

const main = join(import.meta.dirname, "main.ts");

function run(t: ExecutionContext, env: Record<string, string>, options: { uid?: number } = {}): Running {
  const child = fork(main, {
    env: {
      PLAYSPAWN_PORT: "0",
      PLAYSPAWN_WEB_PORT: "0",
      PLAYSPAWN_HOST: "127.0.0.1",
      PLAYSPAWN_LOCAL_NODE: "0",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    ...options,
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  t.teardown(async () => {
    child.kill("SIGKILL");
    // Its folder is removed next: nobody may write there any more.
    await gone;
  });
  let said = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (said += String(chunk)));
  return {
    child,
    ready: once(child, "message").then(([message]) => message as Ready),
    ended: once(child, "close").then(([code, signal]) => ({ code, signal, said }) as Awaited<Running["ended"]>),
  };
}

const credentials = { PLAYSPAWN_ADMIN_EMAIL: admin.email, PLAYSPAWN_ADMIN_PASSWORD: admin.password };

test("it says when it is ready and with which link, works, and stops in order", async (t) => {
  const { child, ready, ended } = run(t, { ...(await home(t)), PLAYSPAWN_PUBLIC_URL: "http://127.0.0.1:1" });
  const { url, setupUrl } = await ready;
  t.is(url, "http://127.0.0.1:1");
  t.regex(setupUrl ?? "", /^http:\/\/127\.0\.0\.1:1\/setup#t=[0-9a-f]{64}$/);
  child.kill("SIGTERM");
  const { code, said } = await ended;
  t.is(code, 0);
  t.false(said.includes(setupUrl!.split("#t=")[1]!), "the link's token is in no log");
});

test("with an admin in the environment there is no link; its files are for this user only", async (t) => {
  const dir = await temporaryFolder(t);
  const { child, ready, ended } = run(t, { ...(await home(t, join(dir, "data"))), ...credentials });
  const { url, setupUrl } = await ready;
  t.is(setupUrl, null);
  t.is((await fetch(`${url.replace(/\/\/[^:]+/, "//127.0.0.1")}/health`)).status, 200);
  const file = await stat(join(dir, "data/control-plane/core.db")).then(
    () => ["data/control-plane/core.db"],
    () => [],
  );
  for (const path of ["data", "data/control-plane", ...file, "data/run"])
    t.is((await stat(join(dir, path))).mode & 0o077, 0, path);
  child.kill("SIGINT");
  t.is((await ended).code, 0);
});

test("killed in the middle it starts again from where it was", async (t) => {
  const env = { ...(await home(t)), ...credentials };
  const first = run(t, env);
  const local = async ({ ready }: Running): Promise<string> => (await ready).url.replace(/\/\/[^:]+/, "//127.0.0.1");
  const login = await fetch(`${await local(first)}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(admin),
  });
  const { token } = (await login.json()) as { token: string };
  first.child.kill("SIGKILL");
  t.is((await first.ended).signal, "SIGKILL");
  const me = await fetch(`${await local(run(t, env))}/api/v1/auth/me`, {
    headers: { authorization: `Bearer ${token}` },
  });
  t.is(me.status, 200);
});

test("every fault of the environment ends the start with 78 and a sentence", async (t) => {
  const env = { PLAYSPAWN_DATA_DIR: await temporaryFolder(t), PLAYSPAWN_PORT: "99999", REDIS_URL: "redis://x" };
  const { code, said } = await run(t, { ...env, ...credentials, PLAYSPAWN_ADMIN_PASSWORD: "changeme" }).ended;
  t.is(code, 78);
  for (const name of ["PLAYSPAWN_PORT", "REDIS_URL", "PLAYSPAWN_ADMIN_PASSWORD"])
    t.regex(said, new RegExp(`^${name} `, "m"));
  t.notRegex(said, /at .*\.ts:\d+/);
});

test("a taken port ends the start with 78 and the variable to change", async (t) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  t.teardown(() => other.close());
  const port = String((other.address() as AddressInfo).port);
  const { code, said } = await run(t, { ...(await home(t)), PLAYSPAWN_PORT: port }).ended;
  t.is(code, 78);
  t.regex(said, new RegExp(`Port ${port} is taken.*PLAYSPAWN_PORT`));
});

test("a data folder that cannot be written, or that is a file, ends the start with 78", async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, "file"), "");
  const file = await run(t, { PLAYSPAWN_DATA_DIR: join(dir, "file") }).ended;
  t.is(file.code, 78);
  t.regex(file.said, /cannot be written.*PLAYSPAWN_DATA_DIR/);
  await chmod(dir, 0o755);
  const nobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  if (!("uid" in nobody)) await chmod(dir, 0o555);
  const denied = await run(t, { PLAYSPAWN_DATA_DIR: join(dir, "data") }, nobody).ended;
  t.is(denied.code, 78);
  t.regex(denied.said, /cannot be written.*PLAYSPAWN_DATA_DIR/);
});

test("a newer database ends the start with 78, and is left alone", async (t) => {
  const dir = await temporaryFolder(t);
  const env = await home(t, dir);
  await mkdir(join(dir, "control-plane"));
  const place: Place = env.DATABASE_URL
    ? { kind: "postgresql", url: env.DATABASE_URL, schema: "public", durability: "full" }
    : { kind: "sqlite", path: join(dir, "control-plane/core.db"), durability: "full" };
  const db = openDatabase(place);
  const future = { name: "999-future", up: async () => undefined };
  await migrate(db, { place, migrations: [...coreMigrations, future], clock: systemClock });
  if (place.kind === "postgresql") await db.raw("DROP SCHEMA IF EXISTS ?? CASCADE", ["before_999-future"]);
  await db.destroy();
  const { code, said } = await run(t, env).ended;
  t.is(code, 78);
  t.regex(said, /newer Playspawn.*999-future/);
  t.false((await readdir(join(dir, "control-plane"))).some((name) => name.includes("before")));
});

test("a damaged database ends the start with 78", async (t) => {
  const dir = await temporaryFolder(t);
  await mkdir(join(dir, "control-plane"));
  await writeFile(join(dir, "control-plane/core.db"), "this is not a database ".repeat(1000));
  const { code, said } = await run(t, { PLAYSPAWN_DATA_DIR: dir }).ended;
  t.is(code, 78);
  t.regex(said, /damaged/);
});

test("an unknown failpoint ends the start: a misspelt one would be a test that cannot fail", async (t) => {
  const env = { PLAYSPAWN_DATA_DIR: await temporaryFolder(t), PLAYSPAWN_FAILPOINT: "wake.nowhere" };
  const { code, said } = await run(t, env).ended;
  t.is(code, 78);
  t.regex(said, /PLAYSPAWN_FAILPOINT must be one of wake\.authorized/);
});

test("it stops when its launcher is gone", async (t) => {
  const { child, ready } = run(t, await home(t));
  await ready;
  // Not `close`, which Node does not emit once the parent itself has disconnected.
  const exit = once(child, "exit");
  child.disconnect();
  t.deepEqual(await exit, [0, null]);
});

if (testServer !== null) {
  test("it ends with a sentence, to be started again, when another has taken its database", async (t) => {
    const env = await home(t);
    const cable = await cableTo(t, env.DATABASE_URL);
    const first = run(t, { ...env, DATABASE_URL: cable.url, ...credentials });
    await first.ready;
    cable.cut();
    await run(t, { ...env, PLAYSPAWN_DATA_DIR: await temporaryFolder(t), ...credentials }).ready;
    cable.mend();
    const { code, said } = await first.ended;
    t.is(code, 1);
    t.regex(said, /^Another control plane uses the database postgresql:/m);
    t.notRegex(said, /p@ss|p%40ss/);
  });

  test("a password that is wrong ends the start with 78 and a sentence that does not repeat it", async (t) => {
    const env = await home(t);
    const address = new URL(env.DATABASE_URL);
    address.password = "hunter2";
    const { code, said } = await run(t, { ...env, DATABASE_URL: address.href }).ended;
    t.is(code, 78);
    t.regex(said, /refuses the user or the password in DATABASE_URL/);
    t.notRegex(said, /hunter2/);
  });
}

test("an address that is none of PostgreSQL ends the start with 78 and is not repeated", async (t) => {
  const faults: [string, RegExp][] = [
    ["mysql://ann:hunter2@host/play", /^DATABASE_URL must be an address of PostgreSQL/m],
    ["postgresql://ann:hunter2%@host/play", /^DATABASE_URL cannot be read: write special characters/m],
    ["postgresql://ann:hunter2@host", /^DATABASE_URL names no database/m],
  ];
  for (const [address, sentence] of faults) {
    const { code, said } = await run(t, { PLAYSPAWN_DATA_DIR: await temporaryFolder(t), DATABASE_URL: address }).ended;
    t.is(code, 78);
    t.regex(said, sentence);
    t.notRegex(said, /hunter2/);
  }
});
