import { closeCodes, frameBytesMax, type Server } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { joinNode, connectAgent, helloOf, openLink, statusOf } from "../../testing/scripted-agent.ts";
import { createServer, hostingHarness, readServer, scene, type Scene } from "../../testing/hosting.ts";

/** Sends one bad thing on a live link and answers with what code it was closed. */
async function closedWith(t: ExecutionContext, act: (s: Scene) => void): Promise<{ code: number; reason: string }> {
  const s = await scene(t);
  act(s);
  const closed = await s.agent.closed;
  t.is((await s.client.get("/livez")).status, 200);
  return closed;
}

test("a server of another node cannot be reported, nor can its events be written", async (t) => {
  const victim = await scene(t);
  const server = await createServer(victim);
  await victim.agent.report(statusOf({ id: server.id, gen: 1 }));
  const key = await joinNode(victim.client, "intruder");
  const intruder = await connectAgent(t, victim.context.localUrl, key, {
    hello: { report: [statusOf({ id: server.id, gen: 99 }, { state: "failed" })] },
  });
  t.deepEqual(intruder.welcome.snapshot, []);
  await intruder.report(statusOf({ id: server.id, gen: 99 }, { state: "absent" }));
  const event = { n: 1, at: 1, server: server.id, gen: 1, kind: "crash", cause: null, data: {} };
  intruder.send({ t: "events", log: "log-x", items: [event] });
  t.is((await intruder.next("ack")).events, 1);
  t.like(await readServer(victim, server.id), { have: "ready" });
  const events = await victim.client.get<{ items: { kind: string }[] }>(`/api/v1/servers/${server.id}/events`);
  t.deepEqual(
    events.body.items.map(({ kind }) => kind),
    ["created"],
  );
  const own = await victim.client.get<{ items: { kind: string; data: { server?: string } }[] }>(
    `/api/v1/nodes/${key.nodeId}/events`,
  );
  t.deepEqual(
    own.body.items.map(({ kind, data }) => [kind, data.server]),
    [
      ["crash", server.id],
      ["joined", undefined],
    ],
  );
});

test("a frame of another epoch changes nothing and ends the connection", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  s.agent.send({ t: "status", epoch: 7, seq: 1, items: [statusOf({ id, gen: 1 })] });
  t.is((await s.agent.closed).code, closeCodes.superseded);
  t.is((await readServer(s, id)).have, "absent");
});

test("a superseded socket that goes on talking is not heard", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const newer = await connectAgent(t, s.context.localUrl, s.key, { hello: { appliedRev: 1 } });
  s.agent.send({ t: "status", seq: 1, items: [statusOf({ id, gen: 1 })] });
  await s.agent.closed;
  await newer.report();
  t.is((await readServer(s, id)).have, "absent");
});

test("frames that are no frames end the connection", async (t) => {
  const bad: [string, (s: Scene) => void][] = [
    ["not JSON", (s) => s.agent.raw("{")],
    ["a list", (s) => s.agent.raw("[]")],
    ["an unknown kind", (s) => s.agent.send({ t: "format_disk" })],
    ["a field too few beside an unknown one", (s) => s.agent.send({ t: "resync", extra: 1 })],
    ["a second hello", (s) => s.agent.raw(JSON.stringify(helloOf()))],
    ["a binary frame", (s) => s.agent.raw(Buffer.from("{}"))],
    ["a fraction", (s) => s.agent.send({ t: "resync", appliedRev: 0.5 })],
    ["an unknown state", (s) => s.agent.send({ t: "status", seq: 1, items: [{ id: "x", state: "unknown" }] })],
  ];
  for (const [what, act] of bad) t.is((await closedWith(t, act)).code, closeCodes.badFrame, what);
});

test("fields that this control plane does not know, a prototype among them, are passed over", async (t) => {
  const base = await hostingHarness(t);
  const key = await joinNode(base.client);
  const capacity = { ...helloOf().capacity, gpus: 2 };
  const hello = { mood: "good", capacity, log: { id: "log-1", last: 0, kind: "file" } } as object;
  const agent = await connectAgent(t, base.context.localUrl, key, { hello });
  const { epoch } = agent.welcome;
  agent.raw(`{"t":"resync","epoch":${epoch},"appliedRev":0,"extra":1,"__proto__":{"polluted":1}}`);
  t.is((await agent.next("snapshot")).epoch, epoch);
  t.false("polluted" in {});
  const { body } = await base.client.get<{ items: object[] }>("/api/v1/nodes");
  t.false(JSON.stringify(body).includes("gpus"), "nothing unknown is kept");
});

test("a prototype among capabilities and event data reaches no object", async (t) => {
  const base = await hostingHarness(t);
  const key = await joinNode(base.client);
  const agent = await connectAgent(t, base.context.localUrl, key, {
    hello: { capabilities: JSON.parse('{"__proto__":"x","constructor":"y","version":"1"}') as Record<string, string> },
  });
  const data = JSON.parse('{"__proto__":"x","toString":"y"}') as object;
  agent.send({
    t: "events",
    log: "l",
    items: [{ n: 1, at: 1, server: null, gen: 0, kind: "wake", cause: null, data }],
  });
  t.is((await agent.next("ack")).events, 1);
  t.is((await base.client.get("/api/v1/nodes")).status, 200);
  t.is(({} as { x?: string }).x, undefined);
});

test("a frame of 2 MiB is not read", async (t) => {
  const { code } = await closedWith(t, (s) => s.agent.raw("x".repeat(2 * frameBytesMax)));
  t.is(code, 1009);
});

test("words before hello, and silence instead of it, end the connection", async (t) => {
  const base = await hostingHarness(t);
  const key = await joinNode(base.client);
  const socket = await openLink(base.context.localUrl, key);
  socket.send(JSON.stringify({ t: "hb", epoch: 1, appliedRev: 0, load: 0, memoryFreeBytes: 0, diskFreeBytes: 0 }));
  t.is(await new Promise((resolve) => socket.once("close", resolve)), closeCodes.badFrame);
});

test("an agent that sends more of a log than it was allowed to is cut off, and the reader's answer breaks off", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const answer = fetch(`${s.client.url}/api/v1/servers/${id}/logs?follow=true`, {
    headers: { authorization: `Bearer ${s.client.token}` },
  });
  let call = await s.agent.next("call");
  while (call.call.op !== "logs") call = await s.agent.next("call");
  s.agent.send({ t: "chunk", id: call.id, data: "first\n" });
  const { body } = await answer;
  const chunk = { t: "chunk", id: call.id, data: "x".repeat(500 * 1024) };
  for (let i = 0; i < 20; i++) s.agent.send(chunk);
  t.is((await s.agent.closed).code, closeCodes.badFrame);
  await t.throwsAsync(new Response(body).text());
});

test("chunks and replies of calls that nobody made are nobody's", async (t) => {
  const s = await scene(t);
  s.agent.send({ t: "chunk", id: 4711, data: "boo" });
  s.agent.send({ t: "reply", id: 4711, result: { taken: [] } });
  await s.agent.report();
  t.pass();
});

test("an agent that answers a port check with nonsense does not get the server", async (t) => {
  const base = await hostingHarness(t);
  const key = await joinNode(base.client);
  const taken = (): never => ({ yes: 1 }) as never;
  await connectAgent(t, base.context.localUrl, key, { taken });
  const answer = await base.client.post<{ code: string }>("/api/v1/servers", { name: "x", game: "tiny" });
  t.deepEqual([answer.status, answer.body.code], [503, "node_unreachable"]);
});

test("a thousand statuses at once are all taken in, in order", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  for (let seq = 1; seq <= 1000; seq++)
    s.agent.send({ t: "status", seq, items: [statusOf({ id, gen: 1 }, { since: seq })] });
  for (let ack = await s.agent.next("ack"); ack.seq !== 1000;) ack = await s.agent.next("ack");
  t.is((await readServer(s, id)).since, 1000);
});

test("an error text of an agent that looks like a page stays a text", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const message = "<script>alert(1)</script>";
  await s.agent.report(
    statusOf({ id, gen: 1 }, { state: "failed", detail: { error: { code: "start_failed", message } } }),
  );
  const answer = await s.client.get<Server>(`/api/v1/servers/${id}`);
  t.is(answer.body.error?.message, message);
  t.regex(answer.headers.get("content-type") ?? "", /^application\/json/);
});

test("an agent that makes up logs is remembered within limits", async (t) => {
  const s = await scene(t);
  for (let i = 0; i < 30; i++) {
    const event = { n: 1, at: 1, server: null, gen: 0, kind: "wake", cause: null, data: {} };
    s.agent.send({ t: "events", log: `log-${i}`, items: [event] });
    await s.agent.next("ack");
  }
  t.is((await s.context.db("node_logs")).length, 20);
});

test("a hello whose figures make no sense is refused", async (t) => {
  const base = await hostingHarness(t);
  const key = await joinNode(base.client);
  const { capacity } = helloOf();
  const bad: Partial<ReturnType<typeof helloOf>>[] = [
    { capacity: { ...capacity, ports: { from: -5, to: 1e9 } } },
    { capacity: { ...capacity, ports: { from: 300, to: 200 } } },
    { capacity: { ...capacity, memoryBytes: -1e300 } },
    { capacity: { ...capacity, memoryBytes: 1e300 } },
    { capacity: { ...capacity, cpus: -1 } },
    { capacity: { ...capacity, diskFreeBytes: -1 } },
    { capacity: { ...capacity, address: "x".repeat(1000) } },
    { capacity: { ...capacity, address: "<script>alert(1)</script>" } },
    { capabilities: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`c${i}`, true])) },
    { appliedRev: -1 },
    { boot: "" },
  ];
  for (const hello of bad)
    await t.throwsAsync(connectAgent(t, base.context.localUrl, key, { hello }), {
      message: new RegExp(`closed ${closeCodes.badFrame}`),
    });
});

test("a node that tells events without end fills neither the disk nor the place of others", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const at = (n: number) => ({ n, at: 1, server: null, gen: 0, kind: "orphan", cause: null, data: {} });
  const { db } = s.context;
  const old = Array.from({ length: 6_000 }, (_, i) => ({
    id: `evt_${i}`,
    at: 1,
    owner_id: null,
    subject_kind: "node",
    subject_id: s.key.nodeId,
    kind: "orphan",
    data: "{}",
  }));
  await db.batchInsert("events", old, 500);
  s.agent.send({ t: "events", log: "log-1", items: [at(1), at(2)] });
  await s.agent.next("ack");
  t.is((await db("events").where({ subject_kind: "node" })).length, 5_000);
  t.is((await db("events").where({ subject_id: id })).length, 1);
});
