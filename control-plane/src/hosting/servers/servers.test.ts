import type { Server } from "@playspawn/shared";
import { once } from "node:events";
import test from "ava";
import type { Problem } from "../../platform/http/problem.ts";
import { connectAgent, joinNode, statusOf } from "../../testing/scripted-agent.ts";
import { createServer, hostingHarness, readServer, scene } from "../../testing/hosting.ts";
import { noNode } from "./no-node.ts";

const body = { name: "one", game: "tiny" };
const refusal = ({ status, body: problem }: { status: number; body: Problem }) => [status, problem.code];

test("a new server is told with its address, its variables with secrets masked, and what may be done to it", async (t) => {
  const s = await scene(t);
  const variables = { MAX: 4, PASSWORD: "hush" };
  const server = await createServer(s, { name: " Castle ", variables, idleSeconds: null });
  const port = server.addresses[0]!.port;
  t.like(server, {
    name: "Castle",
    game: "tiny",
    want: "auto",
    have: "absent",
    state: "Deploying",
    tier: null,
    idleSeconds: null,
    addresses: [{ name: "game", protocol: "tcp", host: "192.0.2.10", port }],
    variables: { MAX: 4, PASSWORD: "********" },
    node: { id: s.key.nodeId, name: "test node" },
    memoryBytes: 64 * 1024 * 1024,
  });
  t.true(port >= 20_000 && port <= 20_999);
  const { upsert } = await s.agent.next("desired");
  t.deepEqual(upsert[0]?.spec.env, { MAX: "4", PASSWORD: "hush" });
});

test("an unknown game, wrong variables and unknown fields are refused with every fault", async (t) => {
  const s = await scene(t);
  const unknown = await s.client.post<Problem>("/api/v1/servers", { ...body, game: "nope" });
  t.deepEqual(refusal(unknown), [422, "unknown_game"]);
  t.regex(unknown.body.detail, /nope.*tiny, twin/);
  const wrong = await s.client.post<Problem>("/api/v1/servers", { ...body, variables: { MAX: 99, NOPE: 1 } });
  t.deepEqual(refusal(wrong), [422, "invalid_variables"]);
  t.deepEqual(wrong.body.faults, [
    { pointer: "/variables/NOPE", detail: "Tiny has no such variable" },
    { pointer: "/variables/MAX", detail: "must be at most 64" },
  ]);
  const field = await s.client.post<Problem>("/api/v1/servers", { ...body, nmae: 1, idleSeconds: 0 });
  t.deepEqual(refusal(field), [422, "invalid_request"]);
  t.is(field.body.faults?.length, 2);
  t.deepEqual((await s.client.get<{ items: unknown[] }>("/api/v1/servers")).body.items, []);
});

test("without a node a server cannot be created, and the sentence says what to do", async (t) => {
  const s = await hostingHarness(t);
  const none = await s.client.post<Problem>("/api/v1/servers", body);
  t.deepEqual(refusal(none), [503, "no_node"]);
  t.regex(none.body.detail, /No node has joined yet/);
  await joinNode(s.client);
  const away = await s.client.post<Problem>("/api/v1/servers", body);
  t.is(away.body.detail, "Node test node has joined but never connected. Try again when that is mended.");
});

test("why no node can take a server: of one its name and silence, of many how many", (t) => {
  const node = (over: object = {}) => ({
    name: "vm",
    session: "unreachable",
    last_seen_at: 1_000_000,
    quarantined_at: null,
    adopt_rev: null,
    ...over,
  });
  const said = (...nodes: ReturnType<typeof node>[]): string => noNode(nodes, 1_060_000).message;
  t.is(said(node()), "Node vm has no contact (last heard 1 min ago). Try again when that is mended.");
  t.is(said(node({ quarantined_at: 1 })), "Node vm is in quarantine. Try again when that is mended.");
  t.is(
    said(node(), node({ name: "b" }), node({ session: "never" })),
    "None of the 3 nodes can take a server now: 2 without contact, 1 never connected. See the node list, then try again.",
  );
});

test("ports that somebody else has bound on the node are passed over", async (t) => {
  const asked: number[] = [];
  const s = await scene(t, {
    taken: (ports) => {
      asked.push(...ports.map(({ port }) => port));
      return ports.filter(({ port }) => port % 2 === 0).map((port) => ({ ...port, by: "nginx" }));
    },
  });
  const server = await createServer(s);
  t.is(server.addresses[0]!.port % 2, 1);
  t.true(asked.length > 1);
});

test("an explicit port is leased as asked; a taken one is refused with its number and who has it", async (t) => {
  const s = await scene(t, {
    taken: (ports) => ports.filter(({ port }) => port === 20_022).map((port) => ({ ...port, by: "sshd (pid 7)" })),
  });
  const first = await createServer(s, { ports: { game: 20_100 } });
  t.is(first.addresses[0]!.port, 20_100);
  const leased = await s.client.post<Problem>("/api/v1/servers", { ...body, ports: { game: 20_100 } });
  t.deepEqual(refusal(leased), [409, "port_taken"]);
  t.true(leased.body.detail.includes("20100/tcp") && leased.body.detail.includes(first.id), leased.body.detail);
  const bound = await s.client.post<Problem>("/api/v1/servers", { ...body, ports: { game: 20_022 } });
  t.deepEqual(refusal(bound), [409, "port_taken"]);
  t.regex(bound.body.detail, /20022\/tcp is taken by sshd \(pid 7\)/);
  const outside = await s.client.post<Problem>("/api/v1/servers", { ...body, ports: { game: 80, nope: 20_001 } });
  t.regex(outside.body.detail, /\/ports\/nope is no public port of [^,]+, which has game/);
  t.deepEqual(refusal(outside), [422, "invalid_request"]);
  t.is(outside.body.faults?.length, 2);
});

test("a port that follows another is leased beside it, and both are asked about", async (t) => {
  const s = await scene(t, {
    taken: (ports) =>
      ports.filter(({ protocol, port }) => protocol === "udp" && port % 2 === 0).map((p) => ({ ...p, by: "x" })),
  });
  const { addresses } = await createServer(s, { game: "twin" });
  const [game, query] = addresses;
  t.is(query!.port, game!.port + 1);
  t.is(query!.port % 2, 1);
  const follower = await s.client.post<Problem>("/api/v1/servers", { ...body, game: "twin", ports: { query: 20_500 } });
  t.deepEqual(refusal(follower), [422, "invalid_request"]);
  t.regex(follower.body.detail, /follows the port game/);
});

test("a hundred creates at once never lease a port twice, and the one too many is told that none is left", async (t) => {
  t.timeout(60_000);
  const capacity = { memoryBytes: 1, cpus: 1, diskFreeBytes: 1, ports: { from: 30_000, to: 30_099 }, address: "a" };
  const s = await scene(t, { hello: { capacity } });
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, i) => s.client.post<Server>("/api/v1/servers", { ...body, name: `s${i}` })),
  );
  const made = all.filter(({ status }) => status === 201);
  const ports = made.map((answer) => answer.body.addresses[0]!.port);
  t.is(new Set(ports).size, ports.length);
  for (const answer of all.filter(({ status }) => status !== 201))
    t.deepEqual(refusal(answer as never), [409, "ports_exhausted"]);
  // A create that found every free port reserved by others in flight may try again: in the end each port is used.
  for (let i = made.length; i < 100; i++) ports.push((await createServer(s)).addresses[0]!.port);
  t.is(new Set(ports).size, 100);
  t.deepEqual(refusal(await s.client.post<Problem>("/api/v1/servers", body)), [409, "ports_exhausted"]);
});

test("the same Idempotency-Key creates one server, also when sent at the same time", async (t) => {
  const s = await scene(t);
  const headers = { "idempotency-key": "k1" };
  const send = () => s.client.post<Server>("/api/v1/servers", body, headers);
  const answers = [...(await Promise.all([send(), send(), send()])), await send()];
  t.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 201, 201],
  );
  t.is(new Set(answers.map((answer) => answer.body.id)).size, 1);
  t.is((await s.client.get<{ items: unknown[] }>("/api/v1/servers")).body.items.length, 1);
  t.is((await createServer(s)).id === answers[0]!.body.id, false);
});

test("a deleted server's port is free again", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s, { ports: { game: 20_300 } });
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  t.is((await s.client.post("/api/v1/servers", { ...body, ports: { game: 20_300 } })).status, 409);
  await s.agent.report(statusOf({ id, gen: 2 }, { state: "absent" }));
  t.is((await createServer(s, { ports: { game: 20_300 } })).addresses[0]!.port, 20_300);
});

test("servers are listed newest first, page by page", async (t) => {
  const s = await scene(t);
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await createServer(s, { name: `s${i}` })).id);
  const seen: string[] = [];
  let cursor = "";
  do {
    const page = await s.client.get<{ items: Server[]; nextCursor: string | null }>(`/api/v1/servers?limit=2${cursor}`);
    seen.push(...page.body.items.map(({ id }) => id));
    cursor = page.body.nextCursor === null ? "" : `&cursor=${page.body.nextCursor}`;
  } while (cursor !== "");
  t.deepEqual(seen.toSorted(), ids.toSorted());
  t.is(seen.length, 5);
});

test("a change of variables makes a new spec, keeps the mask's secret, and is refused with its faults", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s, { variables: { PASSWORD: "hush" } });
  await s.agent.next("desired");
  const patch = (change: object) => s.client.request<Server & Problem>("PATCH", `/api/v1/servers/${id}`, change);
  const changed = await patch({ name: "two", variables: { MAX: 3, PASSWORD: "********" } });
  t.is(changed.status, 200);
  t.like(changed.body, { name: "two", variables: { MAX: 3, PASSWORD: "********" } });
  t.deepEqual((await s.agent.next("desired")).upsert[0]?.spec.env, { MAX: "3", PASSWORD: "hush" });
  t.deepEqual(refusal(await patch({ variables: { MAX: "many" } })), [422, "invalid_variables"]);
  t.deepEqual(refusal(await patch({ want: "absent" })), [422, "invalid_request"]);
});

test("a new name is for people only, and a change of nothing is none", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  t.is((await s.agent.next("desired")).rev, 1);
  const patch = (change: object) => s.client.request<Server>("PATCH", `/api/v1/servers/${id}`, change);
  t.is((await patch({ name: "two" })).body.name, "two");
  t.is((await patch({})).status, 200);
  await patch({ idleSeconds: 60 });
  const pushed = await s.agent.next("desired");
  t.deepEqual([pushed.prev, pushed.rev, pushed.upsert[0]?.gen], [1, 2, 2]);
  const { body: events } = await s.client.get<{ items: { kind: string }[] }>(`/api/v1/servers/${id}/events`);
  t.deepEqual(
    events.items.map(({ kind }) => kind),
    ["updated", "updated", "created"],
  );
});

test("kicks that its want can never let through are refused with what to do", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const post = (action: string) => s.client.post<Problem>(`/api/v1/servers/${id}/${action}`);
  t.is((await post("wake")).status, 202);
  await s.client.request("PATCH", `/api/v1/servers/${id}`, { want: "stopped" });
  const stopped = await post("wake");
  t.deepEqual(refusal(stopped), [409, "conflict"]);
  t.regex(stopped.body.detail, /set want to auto/);
  await s.client.request("PATCH", `/api/v1/servers/${id}`, { want: "running" });
  t.deepEqual(refusal(await post("hibernate")), [409, "conflict"]);
  t.is((await post("restart")).status, 202);
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  t.deepEqual(refusal(await post("wake")), [409, "conflict"]);
  t.is((await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`)).status, 202);
});

test("hibernate carries the tier that was asked for", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.next("desired");
  await s.client.post(`/api/v1/servers/${id}/hibernate`, { tier: "cold" });
  t.deepEqual((await s.agent.next("desired")).upsert[0]?.kick, { gen: 2, kind: "hibernate", tier: "cold" });
});

test("the log is the agent's, its refusal is an answer, and what was not read waits at the agent", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const logs = (query = "") =>
    fetch(`${s.client.url}/api/v1/servers/${id}/logs${query}`, {
      headers: { authorization: `Bearer ${s.client.token}` },
    });
  const callOf = async () => {
    let call = await s.agent.next("call");
    while (call.call.op !== "logs") call = await s.agent.next("call");
    return call;
  };
  const tail = logs("?tail=2");
  const call = await callOf();
  t.deepEqual(call.call, { op: "logs", server: id, tail: 2, follow: false });
  s.agent.send({ t: "chunk", id: call.id, data: "ready\nsteady\n" });
  s.agent.send({ t: "reply", id: call.id, result: null });
  const answer = await tail;
  t.is(answer.headers.get("content-type"), "text/plain; charset=utf-8");
  t.is(await answer.text(), "ready\nsteady\n");

  const refused = logs();
  const second = await callOf();
  s.agent.send({
    t: "reply",
    id: second.id,
    error: { code: "docker_unavailable", message: "Docker does not answer." },
  });
  t.is((await refused).status, 503);

  const bad = await s.client.get<Problem>(`/api/v1/servers/${id}/logs?tail=many`);
  t.is(bad.status, 422);
});

test("following a log: text comes as it is written, credit is given as it is read, and leaving cancels", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const stop = new AbortController();
  const response = await fetch(`${s.client.url}/api/v1/servers/${id}/logs?follow=true&tail=0`, {
    headers: { authorization: `Bearer ${s.client.token}` },
    signal: stop.signal,
  });
  let call = await s.agent.next("call");
  while (call.call.op !== "logs") call = await s.agent.next("call");
  const reader = response.body!.getReader();
  const line = "a player came\n";
  s.agent.send({ t: "chunk", id: call.id, data: line });
  t.is(Buffer.from((await reader.read()).value!).toString(), line);
  const credit = await s.agent.next("credit");
  t.deepEqual([credit.id, credit.bytes], [call.id, line.length]);
  stop.abort();
  t.is((await s.agent.next("cancel")).id, call.id);
});

test("logs of a server whose node is away are refused at once", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.close();
  const answer = await s.client.get<Problem>(`/api/v1/servers/${id}/logs`);
  t.deepEqual(refusal(answer), [503, "node_unreachable"]);
});

test("dashboards hear of every change, and of the end", async (t) => {
  const s = await scene(t);
  const { WebSocket } = await import("ws");
  const socket = new WebSocket(`${s.client.url.replace("http", "ws")}/api/v1/live`, {
    headers: { authorization: `Bearer ${s.client.token}` },
  });
  t.teardown(() => socket.terminate());
  await once(socket, "open");
  const heard: { t: string; server?: Server; id?: string; event?: { kind: string; serverId: string } }[] = [];
  socket.on("message", (data: Buffer) => heard.push(JSON.parse(data.toString("utf8")) as (typeof heard)[number]));
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }));
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  const event = { n: 1, at: 1, server: id, gen: 1, kind: "sleep", cause: null, data: {} };
  s.agent.send({ t: "events", log: "l", items: [event] });
  await s.agent.report(statusOf({ id, gen: 2 }, { state: "absent" }));
  while (!heard.some((message) => message.t === "server_removed")) await once(socket, "message");
  const words = heard.filter(({ t: kind }) => kind === "server").map(({ server }) => server!.state);
  t.deepEqual(words, ["Deploying", "Running", "Deleting"]);
  t.deepEqual(
    heard.filter((message) => message.t === "event").map((message) => message.event!.kind),
    ["created", "delete_requested", "sleep"],
  );
  t.is(heard.at(-1)?.id, id);
});

test("a user without a team of theirs on it sees neither the server nor that it exists", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  t.is((await s.stranger.get(`/api/v1/servers/${id}`)).status, 401);
  t.is((await s.client.get("/api/v1/servers/srv_00000000000000000000000000")).status, 404);
  t.is((await s.client.get("/api/v1/servers/..%2f..%2fetc")).status, 404);
});

test("of two nodes the emptier one gets the server; when its ports are gone, the other", async (t) => {
  const s = await scene(t);
  await createServer(s);
  const second = await joinNode(s.client, "second");
  const capacity = { memoryBytes: 1, cpus: 1, diskFreeBytes: 1, ports: { from: 30_000, to: 30_000 }, address: "b" };
  await connectAgent(t, s.context.localUrl, second, { hello: { capacity } });
  t.is((await createServer(s)).node.name, "second");
  t.is((await createServer(s)).node.name, "test node");
  await readServer(s, "srv_x");
  t.is((await createServer(s)).node.name, "test node", "the emptier one has no port left");
});

test("a name that hides or turns the text around it is refused, at creation, renaming and joining", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  for (const name of ["a\u202eb", "\u200b", "a\u009bb", "a\u2028b", "\ud800"])
    for (const answer of [
      await s.client.post<Problem>("/api/v1/servers", { name, game: "echo" }),
      await s.client.request<Problem>("PATCH", `/api/v1/servers/${id}`, { name }),
      await s.stranger.post<Problem>("/api/v1/nodes/join", { token: "x", name }),
    ]) {
      t.is(answer.status, 422, JSON.stringify(name));
      t.deepEqual(
        answer.body.faults?.map(({ pointer }) => pointer),
        ["/name"],
      );
    }
});
