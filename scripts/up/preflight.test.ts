import { once } from "node:events";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import test from "ava";
import { startConfig } from "../config.ts";
import { lockDataFolder } from "./lock.ts";
import { ensureDataFolder, ensurePorts } from "./preflight.ts";

async function folder(t: { teardown(fn: () => Promise<void>): void }): Promise<string> {
  const made = await mkdtemp(`${tmpdir()}/playspawn-preflight-`);
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

test("a taken port is named with its holder and with the variable that changes it", async (t) => {
  const foreign = createServer().listen(0, "0.0.0.0");
  await once(foreign, "listening");
  t.teardown(() => void foreign.close());
  const { port } = foreign.address() as AddressInfo;
  const config = startConfig({ PLAYSPAWN_PORT: "0", PLAYSPAWN_WEB_PORT: String(port), PLAYSPAWN_AGENT_PORT: "0" });
  const error = await t.throwsAsync(ensurePorts(config));
  t.regex(
    error.message,
    new RegExp(
      `^Port ${port} is taken by .+ \\(process ${process.pid}\\)\\. Stop that, or set PLAYSPAWN_WEB_PORT to another port, or 0`,
    ),
  );
});

test("two of our own ports on one number are refused", async (t) => {
  const free = createServer().listen(0, "0.0.0.0");
  await once(free, "listening");
  const port = String((free.address() as AddressInfo).port);
  await new Promise((resolve) => free.close(resolve));
  const config = startConfig({ PLAYSPAWN_PORT: port, PLAYSPAWN_WEB_PORT: "0", PLAYSPAWN_AGENT_PORT: port });
  await t.throwsAsync(ensurePorts(config), { message: /another of our own ports has already/ });
});

test("the data folder is made for us alone", async (t) => {
  const data = `${await folder(t)}/data`;
  await ensureDataFolder(data);
  t.is((await stat(data)).mode & 0o777, 0o700);
});

test("a data folder that was open to others is closed", async (t) => {
  const data = await folder(t);
  await chmod(data, 0o755);
  await ensureDataFolder(data);
  t.is((await stat(data)).mode & 0o777, 0o700);
});

test("with a certificate the agent is sent to the name that it is for", (t) => {
  const tls = { PLAYSPAWN_TLS_CERT_FILE: "tls.crt", PLAYSPAWN_TLS_KEY_FILE: "tls.key" };
  const name = "https://play.example.org:8000";
  t.is(startConfig({ ...tls, PLAYSPAWN_PUBLIC_URL: name }).controlUrl, name);
  t.is(startConfig(tls).controlUrl, "https://127.0.0.1:8000");
  t.is(startConfig({ ...tls, PLAYSPAWN_CONTROL_URL: "https://other" }).controlUrl, "https://other");
  t.is(startConfig({ PLAYSPAWN_PUBLIC_URL: name }).controlUrl, "http://127.0.0.1:8000");
});

test("an empty variable counts as not set", (t) => {
  const unset = startConfig({});
  t.deepEqual(startConfig({ PLAYSPAWN_DATA_DIR: "", PLAYSPAWN_PORT: "", PLAYSPAWN_CONTROL_URL: "" }), unset);
  t.is(unset.port, 8000);
  t.regex(unset.dataDir, /\/\.playspawn$/);
});

test("a data folder that cannot be made is told with the way out", async (t) => {
  const file = `${await folder(t)}/file`;
  await writeFile(file, "");
  await t.throwsAsync(ensureDataFolder(`${file}/data`), { message: /cannot be used: ENOTDIR.+PLAYSPAWN_DATA_DIR/ });
});

test("a second start on one data folder is refused while the first runs", async (t) => {
  const data = await folder(t);
  const unlock = await lockDataFolder(data);
  await t.throwsAsync(lockDataFolder(data), {
    message: new RegExp(`runs on the data folder ${data} already \\(process ${process.pid}\\)`),
  });
  unlock();
  (await lockDataFolder(data))();
});
