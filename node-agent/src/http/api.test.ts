import { once } from "node:events";
import { connect } from "node:net";
import test, { type ExecutionContext } from "ava";
import { AppError, withLimit } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { portRange, secret, startNode, type Node } from "./testing/node.ts";

const tiny = {
  image: "tiny:1",
  ports: { game: { protocol: "udp", container: 8303 } },
  memory_mb: 64,
  wait_seconds: 20,
};
const deployed = async (node: Node, more: object = {}) => {
  const readiness = { anyOf: [{ log: "up" }], limitSeconds: 30 };
  const save = { stdin: "save", until: "^saved$", limitSeconds: 5 };
  return await node.call<{ server_id: string; public_port: number }>("POST", "/deploy", {
    ...tiny,
    readiness,
    save,
    ...more,
  });
};

async function untilState(t: ExecutionContext, node: Node, id: string, state: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (node.registry.get(id)?.status().state === state) return;
    await systemTimers.sleep(10);
  }
  t.fail(`${id} is ${node.registry.get(id)?.status().state}, not ${state}`);
}

test("the document's paths: deploy, hibernate, wake, stats, logs, delete", async (t) => {
  const node = await startNode(t);
  const { status, body } = await deployed(node);
  t.is(status, 201);
  const id = body.server_id;
  t.like(body, {
    game_container_id: `game-${id}`,
    network_name: "fake",
    public_port: portRange.from,
    ports: { game: portRange.from },
  });
  t.regex((body as unknown as { proxy_container_id: string }).proxy_container_id, /^holder-/);
  await untilState(t, node, id, "ready");
  const usage = await node.call("GET", `/servers/${id}/stats`);
  t.deepEqual(usage.body, {
    cpu_percent: 50,
    memory_percent: 25,
    memory_used_mb: 16,
    status: "ready",
    network_in_bytes_per_second: 5_000,
    network_out_bytes_per_second: 20_000,
    disk_read_bytes_per_second: 0,
    disk_write_bytes_per_second: 500,
  });
  t.is((await node.call<string>("GET", `/servers/${id}/logs?tail=1`)).body, "up\n");
  t.is((await node.call("POST", `/servers/${id}/hibernate`)).status, 202);
  await untilState(t, node, id, "hibernated");
  t.deepEqual((await node.call("GET", `/servers/${id}/stats`)).body, {
    cpu_percent: 0,
    memory_percent: 0,
    memory_used_mb: 0,
    status: "hibernated",
  });
  t.is((await node.call("POST", `/servers/${id}/wake`)).status, 202);
  await untilState(t, node, id, "ready");
  t.like((await node.call("GET", "/servers")).body, { controller: null, servers: [{ id, state: "ready" }] });
  const removed = await node.call("DELETE", `/servers/${id}?purge=true`);
  t.deepEqual([removed.status, removed.body], [200, { server_id: id, status: "deleted" }]);
  t.is(node.here.engine.units.size, 0);
  t.is((await node.call("GET", `/servers/${id}/stats`)).status, 404);
  t.deepEqual(node.registry.records(), []);
});

test("who copies files keeps servers awake for as long as they say so", async (t) => {
  const node = await startNode(t);
  const asked = await node.call("PUT", "/keep-awake", { seconds: 120 });
  t.deepEqual([asked.status, asked.body], [200, { seconds: 120 }]);
  t.is((await node.call("PUT", "/keep-awake", { seconds: 301 })).status, 422);
  t.is((await node.call("DELETE", "/keep-awake")).status, 204);
});

test("nothing but its health and its description is told without the secret, and guesses are few", async (t) => {
  const node = await startNode(t);
  for (const path of [
    "/health",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/docs/swagger-ui-bundle.js",
    "/redoc/redoc.standalone.js",
  ])
    t.is((await fetch(node.url + path)).status, 200, path);
  t.deepEqual(await (await fetch(`${node.url}/health`)).json(), { status: "healthy" });
  const able = await (await fetch(`${node.url}/health?abilities=1`)).json();
  t.deepEqual(able, { status: "healthy", abilities: { path: "relay" } }, "the doctor has no secret either");
  const refused = await fetch(`${node.url}/servers`);
  t.is(refused.status, 401);
  t.is(refused.headers.get("content-type"), "application/problem+json");
  t.like(await refused.json(), { code: "node_secret_invalid", status: 401 });
  const guess = (): Promise<Response> => fetch(`${node.url}/servers`, { headers: { "x-node-secret": `${secret}x` } });
  const answers = await Promise.all(Array.from({ length: 12 }, guess));
  t.true(answers.some(({ status }) => status === 429));
  t.is((await guess()).status, 429);
  t.is((await node.call("GET", "/servers")).status, 200, "a guesser locks nobody out");
});

test("who takes the agent for a control plane is told so", async (t) => {
  const answer = await fetch(`${(await startNode(t)).url}/api/v1/servers`);
  t.is(answer.status, 404);
  t.regex(((await answer.json()) as { detail: string }).detail, /agent of a node: its control plane answers elsewhere/);
});

test("a stranger who goes on sending is answered and cut off", async (t) => {
  const node = await startNode(t);
  const { port } = new URL(node.url);
  const socket = connect(Number(port), "127.0.0.1");
  let said = "";
  socket.on("data", (data) => (said += data.toString()));
  socket.on("error", () => undefined);
  socket.write("POST /deploy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{");
  await once(socket, "close");
  t.regex(said, /^HTTP\/1.1 401 /);
});

test("a request whose target names no path is refused as one", async (t) => {
  const node = await startNode(t);
  const { port } = new URL(node.url);
  for (const [target, answer] of [
    ["http://[", /^HTTP\/1.1 400 .*"code":"malformed_request"/s],
    ["*", /^HTTP\/1.1 400 .*"code":"malformed_request"/s],
    ["http://x/health", /^HTTP\/1.1 200 /],
  ] as const) {
    const socket = connect(Number(port), "127.0.0.1");
    let said = "";
    socket.on("data", (data) => (said += data.toString()));
    socket.end(`OPTIONS ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`.replace(/^OPTIONS h/, "GET h"));
    await once(socket, "close");
    t.regex(said, answer, target);
  }
});

test("strangers who say nothing, or half a word, lose their connections, and keep nobody out", async (t) => {
  const node = await startNode(t);
  const { port } = new URL(node.url);
  const sockets = Array.from({ length: 200 }, (_, n) => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined).resume();
    if (n % 2) socket.write("GET /servers HTTP/1.1\r\nHost:");
    return socket;
  });
  t.teardown(() => sockets.forEach((socket) => socket.destroy()));
  const closed = sockets.map((socket) => once(socket, "close"));
  const held = await withLimit(systemTimers, 12_000, "their end", Promise.all(closed)).then(
    () => 0,
    () => sockets.filter((socket) => !socket.closed).length,
  );
  t.is(held, 0);
  t.is((await node.call("GET", "/servers")).status, 200);
});

test("every path of the API is described, and every schema is one", async (t) => {
  const node = await startNode(t);
  const document = (await (await fetch(`${node.url}/openapi.json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, object>>;
  };
  t.is(document.openapi, "3.1.0");
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  for (const one of ["post /deploy", "delete /servers/{id}", "get /health"]) t.true(described.includes(one), one);
  for (const one of ["post …/wake", "post …/hibernate", "get …/stats", "get …/logs"])
    t.true(described.includes(one.replace("…", "/servers/{id}")), one);
  t.true(JSON.stringify(document).includes("proxy_container_id"));
});

test("a request to deploy is refused field by field, and leaves nothing", async (t) => {
  const node = await startNode(t);
  const { status, body } = await node.call<{ faults: { pointer: string }[] }>("POST", "/deploy", {
    image: "NOT AN IMAGE",
    ports: { game: { protocol: "tcp", container: 25_565 } },
    memory_mb: 1,
    volumes: { world: "/../etc" },
    colour: "red",
  });
  t.is(status, 422);
  t.deepEqual(body.faults.map(({ pointer }) => pointer).toSorted(), ["/colour", "/memory_mb", "/volumes/world"]);
  const image = await node.call<{ faults: { pointer: string }[] }>("POST", "/deploy", {
    ...tiny,
    image: "NOT AN IMAGE",
  });
  t.deepEqual(
    image.body.faults.map(({ pointer }) => pointer),
    ["/image"],
  );
  const missing = await deployed(node, { image: "missing/game:1" });
  t.is(missing.status, 409);
  t.like(missing.body, { code: "image_not_found" });
  for (let tries = 0; tries < 500 && node.registry.records().length > 0; tries++) await systemTimers.sleep(10);
  t.deepEqual(node.registry.records(), []);
});

test("ports: chosen, wanted, taken, kept", async (t) => {
  const node = await startNode(t);
  node.here.engine.published.push({ protocol: "udp", port: portRange.from, by: "a container" });
  const first = await deployed(node);
  t.is(first.body.public_port, portRange.from + 1, "the first free one");
  const ports = { game: { protocol: "udp", container: 8303, public: portRange.from + 1 } };
  const taken = await deployed(node, { ports });
  t.is(taken.status, 409);
  t.like(taken.body, { code: "port_taken" });
  const outside = { game: { protocol: "udp", container: 8303, public: portRange.to + 1 } };
  t.like((await deployed(node, { ports: outside })).body, { code: "forbidden" });
  t.is(node.registry.records().length, 1, "the node's range is its operator's word");
  const again = await deployed(node, { server_id: first.body.server_id, idle_seconds: 60 });
  t.is(again.status, 201);
  t.is(again.body.public_port, first.body.public_port, "kept where the server is changed");
  t.is(node.registry.record(first.body.server_id)!.idleSeconds, 60);
});

test("a port for the agent alone is leased to nobody, and a server needs one that players dial", async (t) => {
  const node = await startNode(t);
  const rcon = { protocol: "tcp", container: 27_015, public: "none" };
  const save = { rcon: { port: "rcon", passwordVariable: "PASSWORD", command: "save" }, limitSeconds: 5 };
  const secretly = { environment: { PASSWORD: "hush" }, entrypoint: ["/game"], save };
  const { status, body } = await deployed(node, { ...secretly, ports: { rcon, ...tiny.ports } });
  t.is(status, 201, JSON.stringify(body));
  t.like(body, { public_port: portRange.from, ports: { game: portRange.from, rcon: undefined } });
  t.like(node.registry.record(body.server_id)!.spec, {
    ports: [{ name: "game", protocol: "udp", container: 8303, public: portRange.from }],
    internalPorts: [{ name: "rcon", protocol: "tcp", container: 27_015 }],
    entrypoint: ["/game"],
  });
  t.is(node.here.door.routes.get(body.server_id)!.length, 1, "the door opens none for it");
  const closed = await deployed(node, { ...secretly, ports: { rcon } });
  t.is(closed.status, 422);
  t.regex(JSON.stringify(closed.body), /must have one that is public/);
});

test("a driven node is its own truth: after a restart everything is as it was, and nothing is an orphan", async (t) => {
  const node = await startNode(t);
  const { body } = await deployed(node);
  await untilState(t, node, body.server_id, "ready");
  await node.stop();
  const next = await startNode(t, { left: node });
  await untilState(t, next, body.server_id, "ready");
  await next.here.ports.advance(300_000);
  t.is(next.registry.get(body.server_id)!.status().state, "ready", "no sweep takes it for an orphan");
  t.is((await next.call("DELETE", `/servers/${body.server_id}`)).status, 200);
  t.true(next.here.files.metas.has(body.server_id), "its files stay unless they are asked for");
});

test("a node that has joined a control plane reads, wakes and hibernates, but neither deploys nor deletes", async (t) => {
  const node = await startNode(t);
  const { body } = await deployed(node);
  await untilState(t, node, body.server_id, "ready");
  await node.stop();
  const joined = await startNode(t, { left: node, joined: true });
  for (const answer of [
    await deployed(joined),
    await joined.call("DELETE", `/servers/${body.server_id}`),
    await joined.call("POST", "/sessions", { controller: `inst_${"0".repeat(26)}`, run: `run_${"0".repeat(26)}` }),
  ]) {
    t.is(answer.status, 409);
    t.regex((answer.body as unknown as { detail: string }).detail, /control plane/);
  }
  t.is((await joined.call("POST", `/servers/${body.server_id}/hibernate`)).status, 202);
  await untilState(t, joined, body.server_id, "hibernated");
  t.is((await joined.call("POST", `/servers/${body.server_id}/wake`)).status, 202);
  await untilState(t, joined, body.server_id, "ready");
});

test("a kick that its want can never let through is refused, and so are unknown paths, methods, ids and bodies", async (t) => {
  const node = await startNode(t);
  const { body } = await deployed(node, { want: "stopped" });
  await untilState(t, node, body.server_id, "stopped");
  t.is((await node.call("POST", `/servers/${body.server_id}/wake`)).status, 409);
  t.is((await node.call("GET", "/nowhere")).status, 404);
  const wrong = await node.call("GET", "/deploy");
  t.deepEqual([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  t.is((await node.call("POST", "/servers/../../etc/wake")).status, 404);
  t.is((await node.call("POST", "/servers/x/wake")).status, 422);
  t.is((await node.call("GET", `/servers/srv_${"0".repeat(26)}/logs`)).status, 404);
  t.is((await node.call("GET", `/servers/${body.server_id}/logs?tail=-1`)).status, 422);
  t.is((await node.call("POST", "/deploy", "image=1")).status, 415);
  t.is((await node.call("POST", "/deploy", { image: "x".repeat(300_000) })).status, 413);
});

test("deployed over files that were kept, the answer waits for the containers as the first time", async (t) => {
  const node = await startNode(t);
  const { server_id: id } = (await deployed(node)).body;
  await untilState(t, node, id, "ready");
  t.is((await node.call("DELETE", `/servers/${id}`)).status, 200);
  const again = await deployed(node, { server_id: id });
  t.is(again.status, 201, JSON.stringify(again.body));
  t.like(again.body, { server_id: id, game_container_id: `game-${id}` });
});

test("what could not be deployed leaves no files behind, and does not touch those it found", async (t) => {
  const node = await startNode(t);
  const id = `srv_${"1".repeat(26)}`;
  const unmade = async (): Promise<void> => {
    node.runtime.fail("ensureGame", new AppError("docker_unavailable", "The engine refuses."), 1);
    t.not((await deployed(node, { server_id: id })).status, 201);
    for (let tries = 0; tries < 500 && node.registry.records().length > 0; tries++) await systemTimers.sleep(10);
  };
  await unmade();
  t.false(node.here.files.metas.has(id));
  t.is((await deployed(node, { server_id: id })).status, 201);
  t.is((await node.call("DELETE", `/servers/${id}`)).status, 200);
  await unmade();
  t.true(node.here.files.metas.has(id));
});

test("files that were kept are purged by asking once more; of nothing, that is said", async (t) => {
  const node = await startNode(t);
  const { server_id: id } = (await deployed(node)).body;
  t.is((await node.call("DELETE", `/servers/${id}`)).status, 200);
  t.is((await node.call("DELETE", `/servers/${id}`)).status, 404);
  t.is((await node.call("DELETE", `/servers/${id}?purge=true`)).status, 200);
  t.false(node.here.files.metas.has(id));
  t.is((await node.call("DELETE", `/servers/${id}?purge=true`)).status, 404);
});

test("asked again with the id of the answer, a deployment that takes its time makes no second server", async (t) => {
  const node = await startNode(t);
  const first = await deployed(node, { wait_seconds: 0 });
  t.is(first.status, 202);
  const { server_id } = first.body;
  t.like(await deployed(node, { server_id }), { status: 201, body: { server_id } });
  t.is(node.registry.records().length, 1);
});

test("a deployment waits for an engine that cannot be read", async (t) => {
  const node = await startNode(t);
  node.runtime.fail("list", new AppError("docker_unavailable", "The engine is away."), 1);
  const asked = deployed(node);
  while (node.registry.records().length === 0) await systemTimers.sleep(10);
  await node.here.ports.advance(30_000);
  const { status, body } = await asked;
  t.is(status, 201, JSON.stringify(body));
});

test("what failed is not taken back when it was deployed otherwise meanwhile", async (t) => {
  const node = await startNode(t);
  const id = `srv_${"1".repeat(26)}`;
  node.runtime.fail("ensureImage", new AppError("image_not_found", "There is no image tiny:1."), 1);
  const [first, second] = await Promise.all([
    deployed(node, { server_id: id }),
    deployed(node, { server_id: id, image: "tiny:2" }),
  ]);
  t.true([201, 202].includes(second.status), JSON.stringify([first, second]));
  await untilState(t, node, id, "ready");
  t.like(node.registry.record(id), { want: "auto", spec: { image: { ref: "tiny:2" } } });
});
