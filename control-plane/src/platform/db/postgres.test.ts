import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import type { Client } from "pg";
import { cableTo } from "../../testing/cable.ts";
import { addressOf, databaseOf, onServer, testPlace, testServer } from "../../testing/database.ts";
import { harness, temporaryFolder } from "../../testing/harness.ts";
import { until } from "../../testing/hosting.ts";
import { createEnding } from "../ending.ts";
import { createLog, silentLog } from "../log.ts";
import { openDatabases } from "./databases.ts";
import { openDatabase } from "./db.ts";
import { type PostgresSchema, serverOf } from "./place.ts";
import { cleaned, connectFault, DatabaseAwayError, DatabaseUnusableError, isDatabaseAway } from "./postgres-errors.ts";
import { prepareSession } from "./postgres-session.ts";

const url = "postgresql://ann:hunter2@db.example:5433/play";

test("what keeps us from a server is told as what to do, and never with the password", (t) => {
  const cases: [object, RegExp][] = [
    [
      { code: "ECONNREFUSED", message: "" },
      /^The database server of postgresql:\/\/db\.example:5433\/play does not answer/,
    ],
    [{ code: "ENOTFOUND", message: "getaddrinfo" }, /no such host name/],
    [{ code: "57P03", severity: "FATAL", message: "the database system is starting up" }, /starting up/],
    [{ code: "28P01", severity: "FATAL", message: "x" }, /refuses the user or the password in DATABASE_URL/],
    [
      { code: "28000", severity: "FATAL", message: 'role "ann" does not exist' },
      /does not know the user .*role "ann" does not exist.*createuser/,
    ],
    [{ code: "28000", severity: "FATAL", message: "no pg_hba.conf entry" }, /pg_hba\.conf/],
    [{ code: "3D000", severity: "FATAL", message: "x" }, /no database play .*createdb/],
    [{ code: "42501", severity: "ERROR", message: "permission denied" }, /Make it the owner/],
    [{ code: "DEPTH_ZERO_SELF_SIGNED_CERT", message: "self-signed" }, /certificate.*sslrootcert/],
    [{ message: "The server does not support SSL connections" }, /speaks no TLS/],
    [{ message: "what is this" }, /cannot be used: what is this/],
  ];
  for (const [fault, sentence] of cases) {
    const { message } = connectFault(Object.assign(new Error("x"), fault), url);
    t.regex(message, sentence);
    t.notRegex(message, /hunter2|ann:/);
  }
  t.true(connectFault(Object.assign(new Error("x"), { code: "ECONNRESET" }), url) instanceof DatabaseAwayError);
  t.true(
    connectFault(Object.assign(new Error("x"), { code: "28P01", severity: "FATAL" }), url) instanceof
      DatabaseUnusableError,
  );
});

test("an error that quotes a value is told without it", (t) => {
  const error = Object.assign(new Error('invalid input syntax for type bigint: "hunter2"'), {
    code: "22P02",
    severity: "ERROR",
    detail: "hunter2",
  });
  t.notRegex(JSON.stringify(cleaned(error)) + String((cleaned(error) as Error).stack), /hunter2/);
  const unique = Object.assign(new Error("duplicate key"), { code: "23505", severity: "ERROR", detail: "(hunter2)" });
  t.deepEqual(JSON.stringify(cleaned(unique)), JSON.stringify({ code: "23505", severity: "ERROR" }));
});

test("a server before 13, another encoding and a stand-by are refused", async (t) => {
  const place: PostgresSchema = { kind: "postgresql", url, schema: "public", durability: "full" };
  const answer = { version: 130_000, encoding: "UTF8", standby: false };
  const server = (row: object) => ({ query: async () => ({ rows: [{ ...answer, ...row }] }) }) as unknown as Client;
  await t.notThrowsAsync(prepareSession(server({}), place));
  await t.throwsAsync(prepareSession(server({ version: 120_022 }), place), {
    message: /is PostgreSQL 12\. .*13 or newer/,
  });
  await t.throwsAsync(prepareSession(server({ encoding: "SQL_ASCII" }), place), { message: /SQL_ASCII.*UTF8/ });
  t.true(
    connectFault(await t.throwsAsync(prepareSession(server({ standby: true }), place)), url) instanceof
      DatabaseAwayError,
  );
});

test("an installation in files is not taken for an empty one on a server, nor the other way round", async (t) => {
  const { config, context } = await harness(t);
  await context.close();
  const other = testServer === null ? url : null;
  await t.throwsAsync(harness(t, { config: { dataDir: config.dataDir, databaseUrl: other } }), {
    message:
      testServer === null ? /keeps its data in files/ : /keeps its data in postgresql:\/\/127\.0\.0\.1:\d+\/\w+\./,
  });
});

if (testServer !== null) {
  const server: string = testServer;
  const open = async (t: ExecutionContext, databaseUrl: string, more: object = {}): Promise<void> => {
    const ending = createEnding();
    t.teardown(ending.run);
    const folder = await temporaryFolder(t);
    await openDatabases({ folder, databaseUrl, ports: systemPorts, log: silentLog, onLost() {}, ...more }, ending);
  };
  const changed = (text: string, change: (url: URL) => void): string => {
    const address = new URL(text);
    change(address);
    return address.href;
  };

  test("a wrong password, an unknown user and a database that is not there are told", async (t) => {
    const wrong = changed(server, (address) => (address.password = "hunter2"));
    await t.throwsAsync(open(t, wrong), {
      instanceOf: DatabaseUnusableError,
      message: /refuses the user or the password/,
    });
    const unknown = changed(server, (address) => (address.username = "nobody-knows"));
    await t.throwsAsync(open(t, unknown), { instanceOf: DatabaseUnusableError });
    const none = changed(server, (address) => (address.password = ""));
    await t.throwsAsync(open(t, none), {
      instanceOf: DatabaseUnusableError,
      message: /refuses the user or the password/,
    });
    const certificate = changed(server, (address) => address.searchParams.set("sslrootcert", "/not/there.crt"));
    await t.throwsAsync(open(t, certificate), {
      instanceOf: DatabaseUnusableError,
      message: /open '\/not\/there\.crt'/,
    });
    await t.throwsAsync(open(t, addressOf("not-there")), { message: /There is no database not-there/ });
  });

  test("a server that is not there is waited for, said once, and then told", async (t) => {
    let now = 0;
    const clock = { now: () => now, mono: () => (now += 4000) };
    const ports = { ...systemPorts, clock, timers: { ...systemPorts.timers, sleep: async () => {} } };
    const said: string[] = [];
    const log = createLog("info", { write: (line) => void said.push(line) });
    const url = "postgresql://ann:hunter2@127.0.0.1:1/play";
    await t.throwsAsync(open(t, url, { ports, log }), {
      instanceOf: DatabaseUnusableError,
      message: /does not answer \(connect ECONNREFUSED.*Start it, or correct DATABASE_URL/,
    });
    t.is(said.length, 1);
    t.regex(said[0]!, /waiting for the database server/);
    t.notRegex(said[0]!, /hunter2/);
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, "database"), `${serverOf(url)}\n`);
    // The installation has been there: the address is right.
    await t.throwsAsync(open(t, url, { ports, log, folder }), { instanceOf: DatabaseAwayError });
  });

  test("a user who may make no tables is told what to do", async (t) => {
    const place = await testPlace(t);
    const address = place.kind === "postgresql" ? place.url : "";
    const role = `guest_${new URL(address).pathname.slice(1)}`;
    await onServer(`CREATE ROLE "${role}" LOGIN PASSWORD 'guest'`);
    t.teardown(() => onServer(`DROP ROLE "${role}"`));
    const guest = changed(address, (one) => Object.assign(one, { username: role, password: "guest" }));
    await t.throwsAsync(open(t, guest), { instanceOf: DatabaseUnusableError, message: /Make it the owner/ });
  });

  test("a second control plane on the same database is refused, whatever its data folder", async (t) => {
    const { config } = await harness(t);
    await t.throwsAsync(harness(t, { config: { databaseUrl: config.databaseUrl } }), {
      name: "DatabaseInUseError",
      message: /Another control plane uses the database postgresql:\/\/127.*Stop it, or set DATABASE_URL/,
    });
  });

  async function wired(t: ExecutionContext) {
    const dataDir = await temporaryFolder(t);
    const direct = (await databaseOf(t, dataDir))!;
    const cable = await cableTo(t, direct);
    const said: string[] = [];
    const log = createLog("info", { write: (line) => void said.push(line) });
    const house = await harness(t, { config: { dataDir, databaseUrl: cable.url }, overrides: { log } });
    const isBack = () =>
      until("the database is back", async () =>
        (await house.stranger.get("/readyz")).status === 200 ? true : undefined,
      );
    return { ...house, cable, direct, said, isBack };
  }

  test("while the server is away requests are told so, and go on by themselves when it is back", async (t) => {
    const { client, stranger, cable, said, isBack } = await wired(t);
    const { status } = await client.post("/api/v1/nodes/join-tokens", {});
    t.is(status, 201);
    cable.cut();
    const answers = await Promise.all(
      [...Array(8)].map(() => client.get<{ code: string; detail: string }>("/api/v1/nodes")),
    );
    for (const answer of answers) {
      t.is(answer.status, 503);
      t.is(answer.body.code, "not_ready");
      t.regex(answer.body.detail, /database does not answer/);
    }
    t.is((await stranger.get("/livez")).status, 200);
    const ready = await stranger.get<string>("/readyz?verbose");
    t.is(ready.status, 503);
    t.regex(ready.body, /^\[-\]migrations failed: which the database has cannot be read$/m);
    const metrics = await stranger.get<string>("/metrics");
    t.is(metrics.status, 200);
    t.regex(metrics.body, /^playspawn_database_up\{database="core"\} 0$/m);
    cable.mend();
    await isBack();
    t.is((await client.get("/api/v1/nodes")).status, 200, "the session from before is still good");
    const words = said.join("");
    t.regex(words, /the connection to the database is lost/);
    t.regex(words, /the database is back/);
    t.notRegex(words, /p@ss|p%40ss/);
  });

  test("a transaction that the outage met is not stored, and its connection is not used again", async (t) => {
    const { context, cable, isBack } = await wired(t);
    await t.throwsAsync(
      context.db.transaction(async (tx) => {
        await tx("meta").insert({ key: "half", value: "done" });
        cable.cut();
        await tx("meta").insert({ key: "other", value: "half" });
      }),
      { instanceOf: DatabaseAwayError },
    );
    cable.mend();
    await isBack();
    t.is(await context.db("meta").where({ key: "half" }).first(), undefined);
  });

  test("a session that the server ends is taken up again with its lock", async (t) => {
    const { context, direct, isBack } = await wired(t);
    const name = new URL(direct).pathname.slice(1);
    await onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await isBack();
    t.true((await context.db("meta")).length > 0);
    const locks = await onServer(
      `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = '${name}')`,
    );
    t.is(locks.length, 1);
  });

  test("our own session that the server still holds for alive does not keep us out", async (t) => {
    const place = await testPlace(t);
    const address = place.kind === "postgresql" ? place.url : "";
    const cable = await cableTo(t, address);
    const ending = createEnding();
    t.teardown(ending.run);
    const lost: Error[] = [];
    const options = { folder: await temporaryFolder(t), databaseUrl: cable.url, ports: systemPorts, log: silentLog };
    const { db } = await openDatabases(
      { ...options, answerLimitMs: 2000, onLost: (error) => void lost.push(error) },
      ending,
    );
    cable.freeze();
    const error = await t.throwsAsync(db("meta"));
    t.true(isDatabaseAway(error), "a server that is silent counts as gone");
    cable.mend();
    await t.notThrowsAsync(db("meta"));
    t.deepEqual(lost, []);
  });

  for (const stays of [true, false])
    test(`who finds that another ${stays ? "uses" : "has used"} the database meanwhile ends`, async (t) => {
      const { context, cable, direct, stranger } = await wired(t);
      cable.cut();
      const other = await harness(t, { config: { databaseUrl: direct } });
      if (!stays) await other.context.close();
      cable.mend();
      await stranger.get("/readyz");
      t.regex((await context.lost).message, stays ? /Another control plane uses/ : /Another control plane has used/);
      await t.throwsAsync(context.db("meta").insert({ key: "late", value: "" }));
    });

  test("who waits too long for the one connection is told that the database does not answer", async (t) => {
    const place = (await testPlace(t)) as PostgresSchema;
    const db = openDatabase({ ...place, answerLimitMs: 2000 });
    t.teardown(() => db.destroy());
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const slow = db.transaction(async (tx) => {
      await tx.raw("SELECT 1");
      await held;
    });
    await t.throwsAsync(db.raw("SELECT 1"), { instanceOf: DatabaseAwayError, message: /no connection came free/ });
    release();
    await slow;
    await t.notThrowsAsync(db.raw("SELECT 1"));
  });

  test("a value that does not fit is refused without being quoted", async (t) => {
    const db = openDatabase(await testPlace(t));
    t.teardown(() => db.destroy());
    await db.schema.createTable("a", (table) => void table.integer("n"));
    const error = await t.throwsAsync(db("a").insert({ n: "hunter2" }));
    t.notRegex(`${error?.message}${error?.stack}`, /hunter2/);
  });
}
