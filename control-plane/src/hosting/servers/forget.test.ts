import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Server } from "@playspawn/shared";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { leftOut, tables } from "../../platform/backup/tables.ts";
import { openDatabase } from "../../platform/db/db.ts";
import { migrate } from "../../platform/db/migrate.ts";
import { coreMigrations } from "../../platform/db/migrations.ts";
import { testPlace, testServer } from "../../testing/database.ts";
import { rewriteTiny, scene, until, type Scene } from "../../testing/hosting.ts";
import { statusOf } from "../../testing/scripted-agent.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";

const given = ["Hush123", "Hush456", "MyMotd", "MyNotes", "MyName", "MyFriend"];
const max = "MAX: { type: integer, label: Players, default: 8, min: 2, max: 64 }";
const greeting = `${max}\n  GREETING: { type: string, label: Greeting, default: "" }`;

/** One with something of everything: made with a key, changed while it ran, with notes, a star and a token. */
async function make(s: Scene): Promise<string> {
  await rewriteTiny(s, max, greeting);
  const variables = { PASSWORD: "Hush123", GREETING: "MyMotd" };
  const body = { name: "MyName", game: "tiny", variables };
  const made = await s.client.post<Server>("/api/v1/servers", body, { "idempotency-key": "k1" });
  const { id } = made.body;
  await s.agent.report(statusOf({ id, gen: 1 }, { state: "ready" }));
  const change = {
    notes: "MyNotes",
    wakeAllow: { addresses: [], names: ["MyFriend"] },
    variables: { PASSWORD: "Hush456" },
  };
  await s.client.request("PATCH", `/api/v1/servers/${id}`, change);
  await s.client.request("PUT", `/api/v1/servers/${id}/favourite`);
  await s.client.post(`/api/v1/servers/${id}/wake-token`);
  return id;
}

/** Everything that the database says, as text. */
async function said(s: Scene): Promise<string> {
  const names = [...tables.map(({ name }) => name), ...Object.keys(leftOut)];
  const rows = [];
  for (const name of names) rows.push(await s.context.db(name).select());
  return JSON.stringify(rows);
}

/** The database as it lies on the disk, write-ahead log included. */
async function onDisk(s: Scene): Promise<string> {
  const folder = join(s.config.dataDir, "control-plane");
  const names = (await readdir(folder)).filter((name) => name.startsWith("core.db"));
  return (await Promise.all(names.map((name) => readFile(join(folder, name), "latin1")))).join("\n");
}

const foundIn = (text: string): string[] => given.filter((word) => text.includes(word));

async function purge(s: Scene, id: string): Promise<void> {
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  await s.agent.report(statusOf({ id, gen: 3 }, { state: "absent" }));
}

test("of a purged server nothing is left of what people gave it: name, variables, notes, answers, events", async (t) => {
  const s = await scene(t);
  const id = await make(s);
  t.deepEqual(foundIn(await said(s)), given);
  await purge(s, id);
  t.deepEqual(foundIn(await said(s)), []);
  const rows = async (table: string) => (await s.context.db(table).where({ server_id: id })).length;
  t.deepEqual([await rows("favourites"), await rows("wake_tokens"), await rows("port_leases")], [0, 0, 0]);
  const events = await s.context.db("events").where({ subject_id: id }).pluck("kind");
  t.deepEqual(events, ["deleted"]);
  const cause = { kind: "packet", source: "203.0.113.7:5000", port: "game" } as const;
  const crash = { n: 1, at: 5, server: id, gen: 2, kind: "crash", cause, data: { message: "MyMotd" } };
  s.agent.send({ t: "events", log: "log-1", items: [crash] });
  t.is((await s.agent.next("ack")).events, 1);
  const late = await s.context.db("events").where({ subject_id: id, kind: "crash" }).first("cause", "data");
  t.deepEqual(late, { cause: '{"kind":"packet"}', data: '{"gen":2}' }, "what arrives late tells no more");
});

test("nor when its node was revoked and can never say that it is gone", async (t) => {
  const s = await scene(t);
  const id = await make(s);
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  t.is((await s.client.request("POST", `/api/v1/nodes/${s.key.nodeId}/revoke`)).status, 204);
  const removed = await until("the removal", async () => (foundIn(await said(s)).length === 0 ? true : undefined));
  t.true(removed);
});

test("servers that were purged before this was so are emptied by the upgrade, others are left alone", async (t) => {
  const place = await testPlace(t);
  const db = openDatabase(place);
  t.teardown(() => db.destroy());
  const upTo = async (last: number): Promise<void> =>
    await migrate(db, { place, migrations: coreMigrations.slice(0, last), clock: systemClock });
  await upTo(8);
  await db("nodes").insert({ id: "node_1", owner_id: "team_1", name: "n", secret_hash: "x", created_at: 1 });
  const row = { owner_id: "team_1", node_id: "node_1", name: "MyName", game: "tiny", created_at: 1, updated_at: 1 };
  const wanted = { gen: 1, rev: 1, want: "absent", on_disconnect: "keep", since: 1, notes: "MyNotes" };
  const variables = '{"PASSWORD":"Hush123"}';
  for (const [id, removed_at] of [
    ["srv_gone", 5],
    ["srv_here", null],
  ] as const) {
    await db("servers").insert({ id, ...row, ...wanted, variables, spec: variables, removed_at });
    const event = { id: `evt_${id}`, at: 1, owner_id: "team_1", subject_kind: "server", subject_id: id };
    await db("events").insert({ ...event, kind: "created", data: '{"name":"MyName"}' });
  }
  await upTo(coreMigrations.length);
  const [gone, here] = await db("servers").orderBy("id").select();
  t.deepEqual(foundIn(JSON.stringify(gone)), []);
  t.deepEqual(foundIn(JSON.stringify(here)), ["Hush123", "MyNotes", "MyName"]);
  t.deepEqual(await db("events").pluck("subject_id"), ["srv_here"]);
});

if (testServer === null)
  test("minutes later the file has none of it in free pages or in its log", async (t) => {
    const ports = shiftedPorts();
    const s = await scene(t, {}, { overrides: { ports } });
    const id = await make(s);
    t.deepEqual(foundIn(await onDisk(s)), given);
    await purge(s, id);
    ports.skip(10 * 60_000);
    const emptied = await until("the empty log", async () =>
      foundIn(await onDisk(s)).length === 0 ? true : undefined,
    );
    t.true(emptied);
  });
