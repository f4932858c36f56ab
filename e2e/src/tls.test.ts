/** TLS from end to end: control plane with a certificate of its own, an agent that trusts it, and one that does not. */
import { once } from "node:events";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { makeCertificate } from "./stack/certificates.ts";
import { sweep } from "./stack/docker.ts";
import { run, type Running, spawnPart } from "./stack/processes.ts";
import { nextRange } from "./stack/port-ranges.ts";
import { admin, freePort } from "./stack/stack.ts";

test("a node joins and connects over TLS, and one that does not trust the certificate does neither", async (t) => {
  t.timeout(120_000);
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-tls-"));
  const parts: Running[] = [];
  t.teardown(async () => {
    await Promise.all(parts.map((part) => part.stop("SIGTERM")));
    await sweep(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });
  const { certFile, keyFile } = makeCertificate(dataDir);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const common = { PLAYSPAWN_DATA_DIR: dataDir };
  const control = {
    ...common,
    PLAYSPAWN_PORT: String(port),
    PLAYSPAWN_WEB_PORT: "0",
    PLAYSPAWN_HOST: "127.0.0.1",
    PLAYSPAWN_PUBLIC_URL: url,
    PLAYSPAWN_ADMIN_EMAIL: admin.email,
    PLAYSPAWN_ADMIN_PASSWORD: admin.password,
    PLAYSPAWN_TLS_CERT_FILE: certFile,
    PLAYSPAWN_TLS_KEY_FILE: keyFile,
  };
  const wrong = spawnPart("control", { ...control, PLAYSPAWN_TLS_KEY_FILE: certFile }, join(dataDir, "wrong.log"));
  t.is((await wrong.exited).code, 78);
  t.regex(await readFile(join(dataDir, "wrong.log"), "utf8"), /holds no private key/);

  parts.push(await run("control", control, join(dataDir, "control.log")));
  const ca = await readFile(certFile);
  const ask = async <T>(method: string, path: string, token?: string, body?: object): Promise<T> => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const sent = request(url + path, { method, ca, headers }).end(body && JSON.stringify(body));
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    return JSON.parse((await answer.toArray()).join("")) as T;
  };
  const { token } = await ask<{ token: string }>("POST", "/api/v1/auth/login", undefined, admin);
  const nodes = async () => (await ask<{ items: { session: string }[] }>("GET", "/api/v1/nodes", token)).items;

  const agent = {
    ...common,
    PLAYSPAWN_CONTROL_URL: url,
    PLAYSPAWN_AGENT_PORT: String(await freePort()),
    PLAYSPAWN_PORT_RANGE: nextRange(10),
    PLAYSPAWN_NODE_ADDRESS: "127.0.0.1",
    PLAYSPAWN_JOIN_TOKEN_FILE: join(dataDir, "run/join-token"),
  };
  const distrustful = spawnPart("agent", agent, join(dataDir, "distrustful.log"));
  t.teardown(() => distrustful.child.kill("SIGKILL"));
  const said = (): Promise<string> => readFile(join(dataDir, "distrustful.log"), "utf8").catch(() => "");
  await until(async () => /certificate/.test(await said()));
  t.deepEqual(await nodes(), []);
  distrustful.child.kill("SIGKILL");
  await distrustful.exited;

  const trusting = spawnPart("agent", { ...agent, NODE_EXTRA_CA_CERTS: certFile }, join(dataDir, "agent.log"));
  t.teardown(() => trusting.child.kill("SIGKILL"));
  await until(async () => (await nodes()).some(({ session }) => session === "connected"));
  trusting.child.kill("SIGTERM");
  await trusting.exited;
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("not within a minute");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
