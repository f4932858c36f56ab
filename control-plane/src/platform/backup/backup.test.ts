import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { harness } from "../../testing/harness.ts";
import { testDatabase, testServer, databaseOf } from "../../testing/database.ts";
import { openDatabase } from "../db/db.ts";
import { migrate } from "../db/migrate.ts";
import { isPostgres } from "../db/migration-table.ts";
import { coreMigrations } from "../db/migrations.ts";
import { createBackup, type CreateOptions } from "./create.ts";
import { corePlace } from "./places.ts";
import { restoreBackup, type RestoreOptions } from "./restore.ts";
import { leftOut, tables } from "./tables.ts";

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "playspawn-restore-"));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

const making = (dataDir: string, databaseUrl: string | null, file: string): CreateOptions => ({
  dataDir,
  databaseUrl,
  gamesDir: null,
  out: createWriteStream(file),
  passphrase: undefined,
  servers: true,
  ports: systemPorts,
  progress() {},
  settle: async () => null,
});

const restoring = (dataDir: string, databaseUrl: string | null, file: string): RestoreOptions => ({
  dataDir,
  databaseUrl,
  source: createReadStream(file),
  opener: { passphrase: undefined },
  replace: false,
  ports: systemPorts,
  progress() {},
});

test("every table is in a backup, or left out with a reason", async (t) => {
  const db = await testDatabase(t);
  const sql = isPostgres(db)
    ? "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    : "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
  const answer = (await db.raw(sql)) as { name: string }[] | { rows: { name: string }[] };
  const there = ("rows" in answer ? answer.rows : answer).map(({ name }) => name).sort();
  t.deepEqual([...tables.map(({ name }) => name), ...Object.keys(leftOut)].sort(), there);
});

/** An installation with a row in most tables, and a world. */
async function installation(t: ExecutionContext, files = false) {
  const house = await harness(t, files ? { config: { databaseUrl: null } } : {});
  const { context, config, client } = house;
  const { db } = context;
  await client.post("/api/v1/nodes/join-tokens", {});
  const node = { id: "node_1", owner_id: "u", name: "n", secret_hash: "x", created_at: 1, boot: "b", rev: 7 };
  await db("nodes").insert(node);
  await db("node_boots").insert({ node_id: "node_1", boot: "b", first_seen_at: 1 });
  const server = { owner_id: "u", node_id: "node_1", name: "wörld \u2028 '", game: "g", variables: "{}" };
  const state = {
    created_at: 1,
    updated_at: 2 ** 50,
    gen: 1,
    rev: 7,
    want: "auto",
    on_disconnect: "keep",
    spec: "{}",
    since: 1,
  };
  await db("servers").insert({ id: "srv_1", ...server, ...state, purge: true, fresh: null, cpu: 0.25 });
  await db("port_leases").insert({ node_id: "node_1", protocol: "udp", port: 4000, server_id: "srv_1", name: "game" });
  const event = { at: 1, subject_kind: "server", subject_id: "srv_1", kind: "wake", data: "{}" };
  for (let i = 0; i < 1203; i++) await db("events").insert({ id: `evt_${i}`, ...event });
  await db("events").where("id", "evt_1202").delete();
  const world = join(config.dataDir, "agent/servers/srv_1/data");
  await mkdir(world, { recursive: true });
  await writeFile(join(world, "level"), "blocks");
  await mkdir(join(config.dataDir, "agent/servers/lost+found"));
  await symlink("/etc", join(config.dataDir, "agent/servers/srv_1/data/linked"));
  const game = join(config.dataDir, "control-plane/games/chess");
  await mkdir(game, { recursive: true });
  await writeFile(join(game, "data.part"), "of the game");
  await writeFile(join(game, "../disabled.json.part"), "a draft");
  await writeFile(join(config.dataDir, "agent/node.json"), JSON.stringify({ nodeId: "node_1", secret: "s" }));
  await writeFile(
    join(config.dataDir, "agent/state.json"),
    JSON.stringify({ installation: "i", rev: 99, snapshot: [] }),
  );
  return house;
}

async function rows(db: Awaited<ReturnType<typeof testDatabase>>): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const { name, key } of tables)
    all[name] = (await db(name).orderBy([...key]))
      .filter((row: { key?: string }) => row.key !== "control_plane")
      .map((row: object) =>
        Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === "boolean" ? Number(v) : v])),
      );
  return all;
}

/** Both ways where there is a server to try it on. */
const ways: [string, boolean, boolean][] = [
  ["its own kind of database", testServer !== null, testServer !== null],
  ...(testServer === null
    ? []
    : ([
        ["PostgreSQL from files", false, true],
        ["files from PostgreSQL", true, false],
      ] as [string, boolean, boolean][])),
];
for (const [what, from, to] of ways)
  test(`all rows and files come back on ${what}, beside a running control plane`, async (t) => {
    const house = await installation(t, !from);
    const file = join(await folder(t), "backup");
    const { manifest, notes } = await createBackup(making(house.config.dataDir, house.config.databaseUrl, file));
    t.deepEqual(notes, [
      "agent/servers/lost+found was left out: it is no server's.",
      "agent/servers/srv_1/data/linked was left out: it is a link, and none may be there.",
    ]);
    t.is(manifest.servers[0]?.copy, "running", "no agent could be asked");
    const before = await rows(house.context.db);
    const dataDir = await folder(t);
    const url = to ? await databaseOf(t, dataDir) : null;
    await restoreBackup(restoring(dataDir, url, file));
    const second = await harness(t, { config: { dataDir, databaseUrl: url } });
    const after = await rows(second.context.db);
    for (const { name } of tables) {
      const expected =
        name === "nodes" ? before[name]!.map((row) => ({ ...(row as object), boot: null })) : before[name];
      t.deepEqual(after[name], expected, name);
    }
    t.is((await second.context.db("node_boots")).length, 0);
    t.is(second.context.installation, house.context.installation);
    const event = { id: "evt_new", at: 1, subject_kind: "server", subject_id: "srv_1", kind: "wake", data: "{}" };
    await second.context.db("events").insert(event);
    const { seq } = (await second.context.db("events").where({ id: "evt_new" }).first("seq")) as { seq: number };
    t.true(seq > 1203, "numbers that were given out are not given again");
    t.is(await readFile(join(dataDir, "agent/servers/srv_1/data/level"), "utf8"), "blocks");
    t.is(await readFile(join(dataDir, "control-plane/games/chess/data.part"), "utf8"), "of the game");
    t.false(existsSync(join(dataDir, "control-plane/games/disabled.json.part")));
    t.is((JSON.parse(await readFile(join(dataDir, "agent/state.json"), "utf8")) as { rev: number }).rev, 0);
    t.is(
      await readFile(join(dataDir, "control-plane/secret.key"), "utf8"),
      await readFile(join(house.config.dataDir, "control-plane/secret.key"), "utf8"),
    );
  });

async function backupOf(t: ExecutionContext): Promise<string> {
  const { config, context } = await installation(t);
  const file = join(await folder(t), "backup");
  await createBackup(making(config.dataDir, config.databaseUrl, file));
  await context.close();
  return file;
}

test("a folder that is not empty is refused, and with replace moved aside", async (t) => {
  const file = await backupOf(t);
  const { config, context } = await harness(t);
  const { dataDir, databaseUrl } = config;
  await t.throwsAsync(restoreBackup(restoring(dataDir, databaseUrl, file)), { message: /The control plane runs on/ });
  await context.close();
  await t.throwsAsync(restoreBackup(restoring(dataDir, databaseUrl, file)), { message: /not empty.*--replace/ });
  await mkdir(join(dataDir, "run/restore"));
  const { aside } = await restoreBackup({ ...restoring(dataDir, databaseUrl, file), replace: true });
  t.false(existsSync(join(dataDir, "run/restore")), "no upload is put over it");
  t.true(existsSync(join(aside!, "control-plane/secret.key")));
  t.true(existsSync(join(dataDir, "agent/node.json")));
});

if (testServer !== null)
  test("what a restore put aside on PostgreSQL stays over upgrades, as do the copies made before them", async (t) => {
    const file = await backupOf(t);
    const dataDir = await folder(t);
    const url = (await databaseOf(t, dataDir))!;
    const said: string[] = [];
    const how = { replace: true, progress: (line: string) => void said.push(line) };
    for (let i = 0; i < 4; i++) await restoreBackup({ ...restoring(dataDir, url, file), ...how });
    const place = corePlace(dataDir, url);
    const db = openDatabase(place);
    t.teardown(() => db.destroy());
    const next = { name: "999-next", up: async (): Promise<void> => {} };
    await migrate(db, { place, migrations: [...coreMigrations, next], clock: systemPorts.clock });
    const names = (await db("pg_namespace").pluck("nspname")) as string[];
    const aside = said.flatMap((line) => /lies in its schema (replaced_\d+)\.$/.exec(line)?.[1] ?? []);
    t.is(aside.length, 3);
    t.deepEqual(
      names.filter((name) => name.startsWith("replaced_")),
      aside,
    );
    t.true(names.includes("before_999-next"));
  });

for (const point of ["extracted", "marked", "loaded", "moved"] as const)
  test(`interrupted when ${point}: nothing, or nothing starts until it is restored again`, async (t) => {
    const file = await backupOf(t);
    const dataDir = await folder(t);
    const url = await databaseOf(t, dataDir);
    const killed = new Error("killed");
    const at = (name: string): void => {
      if (name === point) throw killed;
    };
    await t.throwsAsync(restoreBackup({ ...restoring(dataDir, url, file), at }), { is: killed });
    t.deepEqual(
      (await readdir(dataDir)).filter((name) => name.startsWith(".")),
      [],
    );
    if (point === "extracted") t.deepEqual(await readdir(dataDir), ["run"]);
    else
      await t.throwsAsync(harness(t, { config: { dataDir, databaseUrl: url } }), {
        message: /restore .* was interrupted/,
      });
    await restoreBackup(restoring(dataDir, url, file));
    const { context } = await harness(t, { config: { dataDir, databaseUrl: url } });
    t.is((await context.db("servers")).length, 1);
  });
