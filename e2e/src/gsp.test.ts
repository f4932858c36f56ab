/** Knows the GSP document alone: calls each of its paths literally, on the ports that it names, against real programs. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { docker, sweep } from "./stack/docker.ts";
import { run, type Running } from "./stack/processes.ts";
import { nextRange } from "./stack/port-ranges.ts";
import { freePort, type Stack, startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

interface Answer<T> {
  status: number;
  type: string;
  body: T;
}

/** The document's client: JSON over HTTP with one header that says who asks. */
const client =
  (url: string, credential: Record<string, string> = {}) =>
  async <T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer<T>> => {
    const answer = await fetch(url + path, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(60_000),
      headers: { ...credential, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const type = answer.headers.get("content-type") ?? "";
    const text = await answer.text();
    return { status: answer.status, type, body: (type.includes("json") ? JSON.parse(text) : text) as T };
  };

interface Server {
  id: string;
  name: string;
  have: string;
  addresses: { port: number }[];
}

async function start(t: ExecutionContext): Promise<{ stack: Stack; web: string; agent: string }> {
  const games = await gamesWithTiny();
  const webPort = await freePort();
  const control = { PLAYSPAWN_GAMES_DIR: games.dir, PLAYSPAWN_DEV_LOGIN: "1", PLAYSPAWN_WEB_PORT: String(webPort) };
  const stack = await startStack(t, { env: { control } });
  t.teardown(games.remove);
  const agent = `http://127.0.0.1:${stack.env("agent")["PLAYSPAWN_AGENT_PORT"]}`;
  return { stack, web: `http://127.0.0.1:${webPort}`, agent };
}

test("every path of the document answers on the control plane and on the agent that it drives", async (t) => {
  t.timeout(180_000);
  const { stack, web, agent } = await start(t);
  for (const url of [stack.url, web, agent]) {
    const ask = client(url);
    t.deepEqual((await ask("GET", "/health")).body, { status: "healthy" }, url);
    for (const path of ["/docs", "/redoc"]) {
      const page = await ask<string>("GET", path);
      t.deepEqual([page.status, /<!doctype html>/i.test(page.body)], [200, true], url + path);
    }
    const described = await ask<{ openapi: string }>("GET", "/openapi.json");
    t.is(described.body.openapi.slice(0, 3), "3.1", url);
  }

  for (const provider of ["google", "microsoft"])
    for (const [method, path] of [
      ["POST", `/auth/login/${provider}`],
      ["GET", `/auth/login/${provider}`],
      ["GET", `/auth/callback/${provider}`],
    ] as const) {
      const answer = await client(stack.url)<{ code: string; detail: string }>(method, path);
      t.is(answer.body.code, "oauth_not_configured", `${method} ${path}`);
      t.true(answer.body.detail.toLowerCase().includes(provider));
    }

  const login = await client(stack.url)<{ token: string }>("POST", "/auth/dev-login");
  t.is(login.status, 200);
  const api = client(stack.url, { authorization: `Bearer ${login.body.token}` });
  const created = await api<Server>("POST", "/api/servers", { name: "from the document", game: "tiny" });
  t.is(created.status, 201);
  const { id } = created.body;
  await stack.inState(id, "ready");
  const list = await api<{ items: Server[] }>("GET", "/api/servers");
  t.deepEqual(
    list.body.items.map((server) => server.id),
    [id],
  );
  const one = await api<Server>("GET", `/api/servers/${id}`);
  t.deepEqual([one.status, one.body.name, one.body.have], [200, "from the document", "ready"]);
  const port = one.body.addresses[0]!.port;
  t.is(await echo(port, "hello"), "hello");
  const used = await api("GET", `/api/servers/${id}/stats`);
  hasFigures(t, used.body);
  t.true((used.body["memory_used_mb"] as number) > 0, JSON.stringify(used.body));
  const players = await api("GET", `/api/servers/${id}/players`);
  t.deepEqual([players.status, Object.keys(players.body)], [200, ["online", "max", "names", "asOf"]]);
  const logs = await api<string>("GET", `/api/servers/${id}/logs`);
  t.deepEqual([logs.status, logs.type], [200, "text/plain; charset=utf-8"]);

  t.is((await api("POST", `/api/servers/${id}/hibernate`)).status, 202);
  await stack.inState(id, "hibernated");
  t.is((await api("POST", `/api/servers/${id}/wake`)).status, 202);
  await stack.inState(id, "ready");
  t.is((await api("POST", `/api/servers/${id}/hibernate`)).status, 202);
  await stack.inState(id, "hibernated");
  const { token } = (await api<{ token: string }>("POST", `/api/v1/servers/${id}/wake-token`)).body;
  const wrong = await client(stack.url)("POST", "/api/webhook/wake", { server_id: id, token: "no" });
  t.is(wrong.status, 401);
  t.is((await client(stack.url)("POST", "/api/webhook/wake", { server_id: id, token })).status, 202);
  await stack.inState(id, "ready");

  const { secret } = JSON.parse(await readFile(join(stack.dataDir, "agent/node.json"), "utf8")) as { secret: string };
  await agentPaths(t, { agent, secret, id, stack });

  t.is((await api("DELETE", `/api/servers/${id}`)).status, 202);
  await stack.live.until("it is gone", 60_000, async () => {
    const left = await api<{ items: Server[] }>("GET", "/api/servers");
    return left.body.items.length === 0 || undefined;
  });
});

/** The document's fields; beside them may stand what it has no name for. */
function hasFigures(t: ExecutionContext, body: object): void {
  for (const field of ["cpu_percent", "memory_percent", "memory_used_mb", "status"]) t.true(field in body, field);
}

/** What the agent answers while its control plane decides what is there. */
async function agentPaths(
  t: ExecutionContext,
  { agent, secret, id, stack }: { agent: string; secret: string; id: string; stack: Stack },
): Promise<void> {
  for (const stranger of [client(agent), client(agent, { "x-node-secret": "0".repeat(64) })])
    t.is((await stranger("GET", `/servers/${id}/stats`)).status, 401);
  const node = client(agent, { "x-node-secret": secret });
  const stats = await node("GET", `/servers/${id}/stats`);
  hasFigures(t, stats.body);
  t.is((await node("GET", `/servers/${id}/logs?tail=100`)).status, 200);
  t.is((await node("POST", `/servers/${id}/hibernate`)).status, 202);
  await stack.inState(id, "hibernated");
  t.is((await node("POST", `/servers/${id}/wake`)).status, 202);
  await stack.inState(id, "ready");
  t.is((await node("DELETE", `/servers/${id}`)).status, 409, "its control plane decides");
}

interface Deployed {
  server_id: string;
  game_container_id: string;
  proxy_container_id: string;
  network_name: string;
  public_port: number;
}

test("an agent with a node secret deploys, wakes, hibernates and deletes for whoever has it", async (t) => {
  t.timeout(180_000);
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const dataDir = await mkdtemp(join(tmpdir(), "playspawn-gsp-"));
  const port = await freePort();
  const secret = "the-secret-that-node-and-caller-share";
  const common = { PLAYSPAWN_DATA_DIR: dataDir };
  const env = {
    ...common,
    NODE_SECRET: secret,
    PLAYSPAWN_AGENT_PORT: String(port),
    PLAYSPAWN_PORT_RANGE: nextRange(20),
    PLAYSPAWN_NODE_ADDRESS: "127.0.0.1",
    PLAYSPAWN_IMAGE_ALLOW: "playspawn-e2e/*",
  };
  const parts: Running[] = [];
  t.teardown(async () => {
    await Promise.all(parts.map((part) => part.stop("SIGTERM")));
    await sweep(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  });
  // Each by itself: one that does not become ready must not keep the other from being ended.
  const begin = async (part: "agent" | "door", variables: Record<string, string>): Promise<void> =>
    void parts.push(await run(part, variables, join(dataDir, `${part}.log`)));
  const begun = await Promise.allSettled([begin("agent", env), begin("door", common)]);
  for (const one of begun) if (one.status === "rejected") throw one.reason;
  const node = client(`http://127.0.0.1:${port}`, { "x-node-secret": secret });
  await until(async () => (await node("GET", "/health")).status === 200);
  const game = {
    image: "playspawn-e2e/tiny:1",
    ports: { game: { protocol: "tcp", container: 7000 } },
    memory_mb: 32,
  };
  let deployed = await node<Deployed>("POST", "/deploy", game);
  // 202 says that they are still being made, and to ask again.
  if (deployed.status === 202)
    deployed = await node<Deployed>("POST", "/deploy", { ...game, server_id: deployed.body.server_id });
  t.is(deployed.status, 201, JSON.stringify(deployed.body));
  const { server_id: id, game_container_id, proxy_container_id, network_name, public_port } = deployed.body;
  const containers = await Promise.all(
    [game_container_id, proxy_container_id].map((container) => docker.getContainer(container).inspect()),
  );
  t.deepEqual(
    containers.map(({ Config }) => Config.Labels["playspawn.server"]),
    [id, id],
  );
  t.truthy(((await docker.getNetwork(network_name).inspect()) as { Id: string }).Id);
  t.is(await echo(public_port, "hello"), "hello");
  await until(async () => (await node("GET", `/servers/${id}/stats`)).body["status"] === "ready");
  t.is((await node("GET", `/servers/${id}/logs?tail=100`)).status, 200);
  t.is((await node("POST", `/servers/${id}/hibernate`)).status, 202);
  await until(async () => (await node("GET", `/servers/${id}/stats`)).body["status"] === "hibernated");
  t.is(await echo(public_port, "again"), "again", "a connection wakes it");
  t.is((await node("POST", `/servers/${id}/wake`)).status, 202);
  t.is((await node("DELETE", `/servers/${id}`)).status, 200);
  t.is((await node("GET", `/servers/${id}/stats`)).status, 404);
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error("not within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
