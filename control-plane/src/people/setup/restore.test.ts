import { createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import type { Overrides } from "../../context.ts";
import { createBackup } from "../../platform/backup/create.ts";
import { createLog } from "../../platform/log.ts";
import { harness, temporaryFolder } from "../../testing/harness.ts";

/** A backup of an installation with an admin and a node. */
async function backupOf(t: ExecutionContext, passphrase?: string): Promise<Buffer> {
  const { context, config } = await harness(t);
  await mkdir(join(config.dataDir, "agent"), { recursive: true });
  await writeFile(join(config.dataDir, "agent/node.json"), JSON.stringify({ nodeId: "node_1" }));
  const file = join(await temporaryFolder(t), "backup");
  const { dataDir, databaseUrl } = config;
  const gamesDir = await temporaryFolder(t);
  await writeFile(join(gamesDir, "readme"), "games of our own");
  const quiet = { progress() {}, settle: async () => null, ports: systemPorts, gamesDir, servers: true };
  await createBackup({ ...quiet, dataDir, databaseUrl, passphrase, out: createWriteStream(file) });
  await context.close();
  return await readFile(file);
}

interface State {
  state: string;
  detail?: string;
}

async function fresh(t: ExecutionContext) {
  const house = await harness(t, { config: { admin: null } });
  const { stranger, context } = house;
  const put = (upload: string, offset: number, body: Buffer) =>
    fetch(`${context.localUrl}/api/v1/setup/restores/${upload}/${offset}`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(body),
    });
  const begin = async (bytes: number): Promise<string> => {
    const { status, body } = await stranger.post<{ upload: string }>("/api/v1/setup/restores", {
      token: context.setup.token,
      bytes,
    });
    t.is(status, 201);
    return body.upload;
  };
  const ended = async (upload: string, passphrase?: string): Promise<State> => {
    await stranger.post(`/api/v1/setup/restores/${upload}/check`, { passphrase });
    for (;;) {
      const { body } = await stranger.get<State>(`/api/v1/setup/restores/${upload}`);
      if (body.state !== "checking") return body;
    }
  };
  return { ...house, put, begin, ended };
}

test("a backup that is sent in pieces is what the next start is", async (t) => {
  const backup = await backupOf(t, "seven quiet otters");
  const { put, begin, ended, context, config } = await fresh(t);
  const upload = await begin(backup.length);
  const half = Math.floor(backup.length / 2);
  t.is((await put(upload, 0, backup.subarray(0, half))).status, 204);
  t.is((await put(upload, 0, backup.subarray(0, half))).status, 409, "each piece once");
  t.is((await put(upload, half + 1, backup.subarray(half + 1))).status, 409, "none is left out");
  t.is((await put(upload, half, backup.subarray(half))).status, 204);
  const wrong = await ended(upload, "another passphrase");
  t.is(wrong.state, "failed");
  t.regex(wrong.detail!, /passphrase is not the one/);
  t.is((await ended(upload, "seven quiet otters")).state, "restarting");
  await context.restart;
  await context.close();
  const { dataDir, databaseUrl } = config;
  const second = await harness(t, { config: { dataDir, databaseUrl, admin: null } });
  t.is(
    (await second.stranger.signIn({ email: "admin@example.org", password: "seven quiet otters" })).token?.length,
    64,
  );
  t.is((await second.stranger.get<{ code: string }>(`/api/v1/setup/restores/${upload}`)).body.code, "setup_done");
  t.true(existsSync(join(dataDir, "run/restore/agent.json")), "the agent is next");
  t.false(existsSync(join(dataDir, "run/restore/control-plane.json")));
  t.is(await readFile(join(dataDir, "control-plane/restored-games/readme"), "utf8"), "games of our own");
});

test("only who has the link may send one, and only before there is an account", async (t) => {
  const { stranger, context } = await fresh(t);
  const wrong = await stranger.post<{ code: string }>("/api/v1/setup/restores", { token: "x", bytes: 1 });
  t.is(wrong.body.code, "setup_token_unknown");
  const { token } = context.setup;
  const unknown = await stranger.get(`/api/v1/setup/restores/${"0".repeat(64)}`);
  t.is(unknown.status, 404);
  const huge = await stranger.post<{ code: string }>("/api/v1/setup/restores", { token, bytes: 10 ** 13 });
  t.is(huge.body.code, "disk_full");
  const whole = await harness(t);
  const late = await whole.stranger.post<{ code: string }>("/api/v1/setup/restores", { token, bytes: 1 });
  t.is(late.body.code, "setup_done");
});

test("what is no backup is told, and the installation stays as new as it was", async (t) => {
  const { put, begin, ended, context, config } = await fresh(t);
  const upload = await begin(5);
  await put(upload, 0, Buffer.from("hello"));
  t.regex((await ended(upload)).detail!, /not a backup/);
  await context.close();
  const { dataDir, databaseUrl } = config;
  const second = await harness(t, { config: { dataDir, databaseUrl, admin: null } });
  t.not(second.context.setup.token, null);
  t.false(existsSync(join(dataDir, "run/restore")), "the upload is gone");
});

test("while a backup is checked and waits for the restart nobody makes an account, and after a failure somebody may", async (t) => {
  const backup = await backupOf(t);
  const { put, begin, ended, context, stranger } = await fresh(t);
  const { token } = context.setup;
  const complete = (email: string) =>
    stranger.post<{ code: string }>("/api/v1/setup", { token, email, password: "eight quiet otters" });
  const upload = await begin(backup.length);
  await put(upload, 0, backup);
  t.is((await ended(upload)).state, "restarting");
  t.is((await complete("late@example.org")).body.code, "conflict");
  t.false(context.setup.isDone());

  const second = await fresh(t);
  const broken = await second.begin(5);
  await second.put(broken, 0, Buffer.from("hello"));
  t.is((await second.ended(broken)).state, "failed");
  const { status } = await second.stranger.post("/api/v1/setup", {
    token: second.context.setup.token,
    email: "early@example.org",
    password: "eight quiet otters",
  });
  t.is(status, 201);
  const check = await second.stranger.post<{ code: string }>(`/api/v1/setup/restores/${broken}/check`, {});
  t.is(check.body.code, "setup_done");
});

/** A new installation that has a checked backup, and is about to start again. */
async function checked(t: ExecutionContext) {
  const backup = await backupOf(t);
  const { put, begin, ended, context, config } = await fresh(t);
  const upload = await begin(backup.length);
  await put(upload, 0, backup);
  t.is((await ended(upload)).state, "restarting");
  await context.close();
  const { dataDir, databaseUrl } = config;
  const again = (url = databaseUrl, overrides: Overrides = {}) =>
    harness(t, { config: { dataDir, databaseUrl: url, admin: null }, overrides });
  return { dataDir, upload, again, staged: (name: string) => join(dataDir, "run/restore", name) };
}

test("a start that cannot restore now leaves the upload to the next one", async (t) => {
  const { again, staged, dataDir } = await checked(t);
  await t.throwsAsync(again("postgres://nobody@127.0.0.1:1/away"), { message: /127\.0\.0\.1:1/ });
  t.true(existsSync(staged("backup")));
  await mkdir(staged("agent.json/in-the-way"), { recursive: true });
  await t.throwsAsync(again(), { code: "EISDIR" }, "restored, and the turn cannot be handed on");
  t.true(existsSync(staged("backup")));
  t.true(existsSync(join(dataDir, "control-plane/secret.key")));
  await rm(staged("agent.json"), { recursive: true });
  const { context } = await again();
  t.true(context.setup.isDone());
  t.true(existsSync(staged("agent.json")), "the agent is next");
});

test("as long as no agent takes its part each start says where the upload lies", async (t) => {
  const { again, staged, dataDir } = await checked(t);
  await again().then(({ context }) => context.close());
  const warned: string[] = [];
  await again(undefined, { log: createLog("warn", { write: (line) => void warned.push(line) }) });
  t.true(warned.join("").includes(join(dataDir, "run/restore")));
  t.true(existsSync(staged("agent.json")));
});

test("an upload that was damaged since its check is given up, and the page says so", async (t) => {
  const { again, staged, upload } = await checked(t);
  const bytes = await readFile(staged("backup"));
  await writeFile(staged("backup"), bytes.subarray(0, bytes.length / 2));
  const { context, stranger } = await again();
  t.false(context.setup.isDone());
  t.false(existsSync(staged("backup")));
  const { body } = await stranger.get<State>(`/api/v1/setup/restores/${upload}`);
  t.is(body.state, "failed");
  t.regex(body.detail!, /damaged or cut off/);
});
