import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { withLimit, type Node } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { builtGame } from "../../testing/built-game.ts";
import { certificateIn, makeCertificate } from "../../testing/certificates.ts";
import { temporaryFolder } from "../../testing/harness.ts";
import { createServer as createGame, hostingHarness, readServer, until, type Scene } from "../../testing/hosting.ts";
import { httpAgent, type HttpAgent } from "../../testing/http-agent.ts";
import { statusOf } from "../../testing/scripted-agent.ts";
import { readFileSync } from "node:fs";

type Base = Pick<Scene, "client" | "context" | "config" | "stranger">;

const add = (scene: Base, { url, secret }: Pick<HttpAgent, "url" | "secret">) =>
  scene.client.post<Node & { detail: string }>("/api/v1/nodes", { name: "far", url, secret });

const nodesOf = async ({ client }: Base): Promise<Node[]> =>
  (await client.get<{ items: Node[] }>("/api/v1/nodes")).body.items;

const connected = (scene: Base): Promise<Node> =>
  until("the node is connected", async () => (await nodesOf(scene)).find(({ session }) => session === "connected"));

async function driven(t: ExecutionContext): Promise<Base & { agent: HttpAgent; node: Node }> {
  const scene = await hostingHarness(t);
  const agent = await httpAgent(t);
  t.is((await add(scene, agent)).status, 201);
  return { ...scene, agent, node: await connected(scene) };
}

test("a node that is dialled is a node like any other: placed on, reported, kicked, ended", async (t) => {
  const scene = await driven(t);
  const { agent, node } = scene;
  t.like(node, { name: "far", url: agent.url, address: "192.0.2.10" });
  const { id } = await createGame(scene);
  const { upsert } = await agent.next("desired");
  t.like(upsert[0], { id, want: "auto", kick: { kind: "wake" } });
  agent.say({ t: "status", seq: 1, items: [statusOf(upsert[0]!, { kick: 1 })] });
  t.like(await agent.next("ack"), { seq: 1 });
  t.is((await readServer(scene, id)).have, "ready");
  await scene.client.post(`/api/v1/servers/${id}/hibernate`);
  t.like((await agent.next("desired")).upsert[0], { id, kick: { kind: "hibernate" } });
  const event = { n: 1, at: 1, server: id, gen: 1, kind: "wake", cause: { kind: "packet" }, data: {} };
  agent.say({ t: "events", log: "log-1", items: [event] });
  t.like(await agent.next("ack"), { events: 1 });
  t.is((await scene.client.post(`/api/v1/nodes/${node.id}/revoke`)).status, 204);
  await agent.asked("DELETE /sessions/{id}");
  t.deepEqual(await nodesOf(scene), []);
});

test("its secret is nowhere to be seen, and needs the key beside the database", async (t) => {
  const scene = await driven(t);
  const { agent, node, config } = scene;
  t.false(JSON.stringify(await nodesOf(scene)).includes(agent.secret));
  const folder = join(config.dataDir, "control-plane");
  for (const name of await readdir(folder))
    if (/\.(db|db-wal|key)/.test(name)) t.false((await readFile(join(folder, name))).includes(agent.secret), name);
  const rotated = await scene.client.post(`/api/v1/nodes/${node.id}/rotate-secret`);
  t.is(rotated.status, 409);
  await scene.context.close();
  const again = await hostingHarness(t, { config: { dataDir: config.dataDir } });
  await agent.asked("POST /sessions");
  t.is((await connected(again)).id, node.id, "driven again after a restart");
});

test("an agent that refuses, is none, redirects or does not answer is told about with its sentence, and adds nothing", async (t) => {
  const scene = await hostingHarness(t);
  const agent = await httpAgent(t);
  const other = await httpAgent(t);
  const wrong = await add(scene, { url: agent.url, secret: "another-secret-of-at-least-32-characters" });
  t.is(wrong.status, 401);
  t.regex(wrong.body.detail, /The agent at .* refuses/);
  agent.before = (_request, response) => {
    response.writeHead(302, { location: other.url }).end();
    return true;
  };
  t.is((await add(scene, agent)).status, 503);
  t.deepEqual(other.secrets, [], "no redirect is followed");
  agent.before = (_request, response) => {
    response.writeHead(200);
    for (let i = 0; i < 8; i++) response.write("x".repeat(1024 * 1024));
    response.end();
    return true;
  };
  t.is((await add(scene, agent)).status, 503, "an answer without end is not read");
  t.is((await add(scene, { url: "http://127.0.0.1:9", secret: agent.secret })).status, 503);
  const open = await add(scene, { url: "http://203.0.113.9:8001", secret: agent.secret });
  t.deepEqual([open.status, /unencrypted. Use https/.test(open.body.detail)], [422, true]);
  for (const url of ["ftp://x", "http://u:p@127.0.0.1", "http://127.0.0.1/path", "127.0.0.1:8001"])
    t.is((await add(scene, { url, secret: agent.secret })).status, 422, url);
  t.is((await add(scene, { url: agent.url, secret: "short" })).status, 422);
  t.deepEqual(await nodesOf(scene), []);
});

test("E12: an agent with a certificate that nobody vouches for is not sent the secret", async (t) => {
  const scene = await hostingHarness(t);
  const files = makeCertificate(await temporaryFolder(t));
  const seen: string[] = [];
  const server = createServer({ cert: certificateIn(files), key: readFileSync(files.keyFile) }, (request, response) => {
    seen.push(JSON.stringify(request.headers));
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = await add(scene, { url, secret: "a-secret-that-has-at-least-32-characters" });
  t.is(answer.status, 503);
  t.regex(answer.body.detail, /certificate/);
  t.deepEqual(seen, []);
});

test("what makes an agent refuse to be driven stands among the node's events; a new secret mends it", async (t) => {
  const scene = await driven(t);
  const { agent, node } = scene;
  const reason = "The control plane inst_other drives this node. Revoke the node there first.";
  agent.before = (request, response) => {
    if (request.url !== "/sessions") return false;
    response.writeHead(409, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ code: "conflict", detail: reason }));
    return true;
  };
  agent.say({ t: "hb", load: -1 });
  const told = await until("the reason is told", async () => {
    const { body } = await scene.client.get<{ items: { kind: string; data: { reason?: string } }[] }>(
      `/api/v1/nodes/${node.id}/events`,
    );
    return body.items.find(({ kind }) => kind === "drive_failed");
  });
  t.regex(told.data.reason!, /inst_other drives this node/);
  agent.before = () => false;
  t.is(
    (await scene.client.post<Node>("/api/v1/nodes", { name: "renamed", url: agent.url, secret: agent.secret })).body.id,
    node.id,
  );
});

test("what answers like a web site is no agent, and no agent may sign out who asks", async (t) => {
  const scene = await hostingHarness(t);
  const agent = await httpAgent(t);
  const answers = (status: number, body: string): void =>
    void (agent.before = (_request, response) => {
      response.writeHead(status).end(body);
      return true;
    });
  answers(200, "<!doctype html><title>Admin of the printer</title>");
  const site = await add(scene, agent);
  t.is(site.status, 503);
  t.regex(site.body.detail, /is no agent/);
  t.notRegex(site.body.detail, /printer/);
  answers(401, JSON.stringify({ code: "unauthenticated", detail: "Sign in." }));
  t.is((await add(scene, agent)).status, 503);
  t.deepEqual(await nodesOf(scene), []);
});

for (const path of ["/sessions", "/frames"])
  test(`an agent that never finishes its answer to ${path} does not hold up the end of the control plane`, async (t) => {
    const scene = await driven(t);
    const { agent } = scene;
    agent.before = (request, response) => {
      if (request.method !== "POST" || !request.url!.endsWith(path)) return false;
      response.writeHead(200);
      response.write("{");
      return true;
    };
    const before = agent.requests.length;
    agent.say(path === "/sessions" ? { t: "hb", load: -1 } : { t: "resync", appliedRev: 0 });
    await until("the answer that does not end", async () =>
      agent.requests.slice(before).some((line) => line.startsWith("POST") && line.endsWith(path)) ? true : undefined,
    );
    await t.notThrowsAsync(withLimit(systemTimers, 4500, "the end", scene.context.close()));
  });

test("an agent with a new reason for every try tells one a minute", async (t) => {
  const scene = await driven(t);
  const { agent, node } = scene;
  let tries = 0;
  agent.before = (request, response) => {
    if (request.url !== "/sessions") return false;
    response.writeHead(503).end(JSON.stringify({ code: "not_ready", detail: `Reason ${++tries}.` }));
    return true;
  };
  agent.say({ t: "hb", load: -1 });
  await until("the fourth try", async () => (tries >= 4 ? true : undefined));
  const { body } = await scene.client.get<{ items: { kind: string }[] }>(`/api/v1/nodes/${node.id}/events`);
  t.is(body.items.filter(({ kind }) => kind === "drive_failed").length, 1);
});

test("a node that is away when it is revoked is given back when it returns, and its secret forgotten", async (t) => {
  const scene = await driven(t);
  const { agent, node } = scene;
  // The session ends in good order, and no other begins: were every request cut off, it might end without a word.
  agent.before = (request) => request.url === "/sessions" && (request.socket.destroy(), true);
  agent.say({ t: "hb", load: -1 });
  await agent.asked("DELETE /sessions/{id}");
  t.is((await scene.client.post(`/api/v1/nodes/${node.id}/revoke`)).status, 204);
  const before = agent.requests.length;
  agent.before = () => false;
  await scene.context.close();
  const again = await hostingHarness(t, { config: { dataDir: scene.config.dataDir } });
  const sealed = () => again.context.db("nodes").where({ id: node.id }).first<{ sealed_secret: string | null }>();
  await until("it is given back", async () => ((await sealed()).sealed_secret === null ? true : undefined));
  t.deepEqual(agent.requests.slice(before), ["POST /sessions", "DELETE /sessions/{id}"]);
  t.deepEqual(await nodesOf(again), []);
});

test("a node that is added again is not given back for the one that it was", async (t) => {
  const scene = await driven(t);
  const { agent, node } = scene;
  agent.before = (request, response) => {
    if (request.url === "/servers") return false;
    response.writeHead(500).end();
    return true;
  };
  await scene.client.post(`/api/v1/nodes/${node.id}/revoke`);
  const fresh = await add(scene, agent);
  t.is(fresh.status, 201);
  t.not(fresh.body.id, node.id);
  const [row] = await scene.context.db("nodes").where({ id: node.id });
  t.is((row as { sealed_secret: string | null }).sealed_secret, null);
  agent.before = () => false;
  t.is((await connected(scene)).id, fresh.body.id);
});

async function withSand(t: ExecutionContext): Promise<Base & { agent: HttpAgent }> {
  const gamesDir = await temporaryFolder(t);
  await mkdir(join(gamesDir, "sand"));
  await writeFile(join(gamesDir, "sand", "game.yaml"), builtGame("sand", "Sand"));
  await writeFile(join(gamesDir, "sand", "Dockerfile"), "FROM scratch\n");
  const scene = await hostingHarness(t, { config: { gamesDir } });
  const agent = await httpAgent(t);
  t.is((await add(scene, agent)).status, 201);
  await connected(scene);
  return { ...scene, agent };
}

const isUpload = ({ method, url }: IncomingMessage): boolean => method === "PUT" && url!.startsWith("/contexts/");

test("frames do not wait for build files on a slow line", async (t) => {
  const scene = await withSand(t);
  const { agent } = scene;
  agent.before = (request) => isUpload(request);
  const { id } = await createGame(scene, { game: "sand" });
  const { upsert } = await agent.next("desired");
  t.like(upsert[0], { id });
  agent.say({ t: "status", seq: 1, items: [statusOf(upsert[0]!, { kick: 1 })] });
  t.like(await agent.next("ack"), { seq: 1 });
  // The next connection has the server in its welcome.
  agent.say({ t: "hb", load: -1 });
  const welcomes = (): number => agent.frames.filter((frame) => frame.t === "welcome").length;
  await until("the second welcome", async () => (welcomes() === 2 ? true : undefined));
});

test("build files that an agent does not take come again, and its connection stays", async (t) => {
  const scene = await withSand(t);
  const { agent } = scene;
  let refused = 0;
  agent.before = (request, response) => {
    if (!isUpload(request) || refused > 0) return false;
    refused += 1;
    response.writeHead(507).end(JSON.stringify({ code: "disk_full", detail: "The disk of this node is full." }));
    return true;
  };
  await createGame(scene, { game: "sand" });
  const uploads = (): number => agent.requests.filter((line) => line.startsWith("PUT /contexts/")).length;
  await until("the second upload", async () => (uploads() === 2 ? true : undefined));
  t.is(agent.requests.filter((line) => line === "POST /sessions").length, 1);
});
