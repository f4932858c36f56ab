import { closeCodes, silentIntervals, heartbeatMs, type Node, type Server } from "@playspawn/shared";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { connectAgent, joinNode, openLink, statusOf } from "../../testing/scripted-agent.ts";
import { createServer, hostingHarness, readServer, scene, until, type Scene } from "../../testing/hosting.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";

const nodeOf = async ({ client, key }: Pick<Scene, "client" | "key">): Promise<Node> => {
  const { body } = await client.get<{ items: Node[] }>("/api/v1/nodes");
  return body.items.find(({ id }) => id === key.nodeId)!;
};
const eventsOf = async ({ client }: Pick<Scene, "client">, id: string): Promise<{ kind: string; data: object }[]> =>
  (await client.get<{ items: { kind: string; data: object }[] }>(`/api/v1/servers/${id}/events?limit=100`)).body.items;

test("a welcome carries epoch, revision and the whole desired state; every connection raises the epoch", async (t) => {
  const s = await scene(t);
  t.is(s.agent.welcome.epoch, 1);
  t.deepEqual(s.agent.welcome.snapshot, []);
  const { id } = await createServer(s);
  const again = await connectAgent(t, s.context.localUrl, s.key, { hello: { appliedRev: 1 } });
  t.is(again.welcome.epoch, 2);
  t.is(again.welcome.rev, 1);
  t.false(again.welcome.adopt);
  t.deepEqual(
    again.welcome.snapshot.map((server) => [server.id, server.gen, server.want, server.grant?.microCredits]),
    [[id, 1, "auto", null]],
  );
});

test("a newer connection supersedes the older one", async (t) => {
  const s = await scene(t);
  await connectAgent(t, s.context.localUrl, s.key);
  t.is((await s.agent.closed).code, closeCodes.superseded);
  t.is((await nodeOf(s)).session, "connected");
});

test("a change is pushed from one revision to the next, and a change of it follows with a greater generation", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const first = await s.agent.next("desired");
  t.deepEqual([first.prev, first.rev], [0, 1]);
  t.like(first.upsert[0], { id, gen: 1, want: "auto", kick: { gen: 1, kind: "wake" }, idleSeconds: 900, purge: false });
  t.deepEqual(first.upsert[0]?.grant, { id: `free-${id}`, microCredits: null });
  await s.client.request("PATCH", `/api/v1/servers/${id}`, { want: "running", idleSeconds: null });
  const second = await s.agent.next("desired");
  t.deepEqual([second.prev, second.rev], [1, 2]);
  t.like(second.upsert[0], { id, gen: 2, want: "running", idleSeconds: null, kick: null });
});

test("a resync is answered with everything", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  s.agent.send({ t: "resync", appliedRev: 0 });
  const { snapshot, rev } = await s.agent.next("snapshot");
  t.deepEqual(
    snapshot.map((server) => server.id),
    [id],
  );
  t.is(rev, 1);
});

test("an agent that stays behind for two heartbeats gets everything again", async (t) => {
  const s = await scene(t);
  await createServer(s);
  await s.agent.next("desired");
  const hb = { t: "hb", appliedRev: 0, load: 0, memoryFreeBytes: 1, diskFreeBytes: 1 };
  s.agent.send(hb);
  t.is((await s.agent.next("hb")).rev, 1);
  t.false(s.agent.frames.some((frame) => frame.t === "snapshot"));
  s.agent.send(hb);
  t.is((await s.agent.next("snapshot")).rev, 1);
});

test("a status is stored before it is acknowledged, and read back by the API", async (t) => {
  const s = await scene(t);
  const server = await createServer(s);
  await s.agent.report(
    statusOf({ id: server.id, gen: 1 }, { state: "ready", kick: 1, players: { online: 2, max: 8 }, since: 5 }),
  );
  t.like(await readServer(s, server.id), {
    have: "ready",
    state: "Running",
    players: { online: 2, max: 8 },
    since: 5,
    can: { wake: false, hibernate: true, restart: true, delete: true },
  });
});

test("what comes after a failure, and when an empty server will sleep, is read back by the API", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  t.like(await readServer(s, id), { retry: null, sleepsAt: null });
  const error = { code: "game_crashed", message: "It ended." } as const;
  const retry = { attempt: 3, max: 5, at: 1_700_000_020_000 };
  await s.agent.report(statusOf({ id, gen: 1 }, { state: "failed", detail: { error, retry } }));
  t.like(await readServer(s, id), { error, retry });
  await s.agent.report(statusOf({ id, gen: 1 }, { detail: { sleepsAt: 1_700_000_900_000 } }));
  t.like(await readServer(s, id), { error: null, retry: null, sleepsAt: 1_700_000_900_000 });
});

test("newest wins: a duplicate and an older status are acknowledged and ignored", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const status = (seq: number, state: "starting" | "ready") =>
    s.agent.send({ t: "status", seq, items: [statusOf({ id, gen: 1 }, { state })] });
  status(2, "ready");
  status(1, "starting");
  status(2, "starting");
  t.deepEqual(
    [await s.agent.next("ack"), await s.agent.next("ack"), await s.agent.next("ack")].map((ack) => ack.seq),
    [2, 1, 2],
  );
  t.is((await readServer(s, id)).have, "ready");
});

test("a later connection's report wins over every status of the one before, whatever its number", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  s.agent.send({ t: "status", seq: 900, items: [statusOf({ id, gen: 1 }, { state: "ready" })] });
  await s.agent.next("ack");
  const report = [statusOf({ id, gen: 1 }, { state: "hibernated", tier: "held" })];
  const again = await connectAgent(t, s.context.localUrl, s.key, { hello: { report, appliedRev: 1 } });
  t.like(await readServer(s, id), { have: "hibernated", tier: "held", state: "Asleep" });
  await again.report(statusOf({ id, gen: 1 }, { state: "starting" }));
  t.like(await readServer(s, id), { have: "starting", state: "Waking" });
});

test("a complete report without a server says that nothing of it is there", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }));
  await connectAgent(t, s.context.localUrl, s.key, { hello: { appliedRev: 1 } });
  t.like(await readServer(s, id), { have: "absent", state: "Deploying" });
});

test("a kick stands until the agent says that it has it, through a reconnect too", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }, { state: "hibernated", tier: "held", kick: 1 }));
  await s.client.post(`/api/v1/servers/${id}/wake`);
  await s.agent.next("desired");
  t.like((await s.agent.next("desired")).upsert[0], { kick: { gen: 2, kind: "wake" } });
  const report = [statusOf({ id, gen: 1 }, { state: "hibernated", tier: "held", kick: 1 })];
  const again = await connectAgent(t, s.context.localUrl, s.key, { hello: { report, appliedRev: 2 } });
  t.like(again.welcome.snapshot[0], { gen: 2, kick: { gen: 2, kind: "wake" } });
  await again.report(statusOf({ id, gen: 2 }, { state: "starting", kick: 2 }));
  again.send({ t: "resync", appliedRev: 2 });
  t.is((await again.next("snapshot")).snapshot[0]?.kick, null);
});

test("events are stored once, whatever is sent again, across connections", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const event = (n: number, kind = "wake") => ({
    n,
    at: 1000 + n,
    server: id,
    gen: 1,
    kind,
    cause: { kind: "packet", source: "203.0.113.7:5000", port: "game" },
    data: { n },
  });
  s.agent.send({ t: "events", log: "log-1", items: [event(1), event(2, "ready")] });
  t.is((await s.agent.next("ack")).events, 2);
  s.agent.send({ t: "events", log: "log-1", items: [event(2, "ready"), event(2, "ready"), event(3, "sleep")] });
  t.is((await s.agent.next("ack")).events, 3);
  const again = await connectAgent(t, s.context.localUrl, s.key, {
    hello: { appliedRev: 1, log: { id: "log-1", last: 3 } },
  });
  t.is(again.welcome.ack, 3);
  again.send({ t: "events", log: "log-1", items: [event(1), event(3, "sleep")] });
  t.is((await again.next("ack")).events, 3);
  // Another log counts for itself: the agent lost its state file.
  again.send({ t: "events", log: "log-2", items: [event(1, "crash")] });
  t.is((await again.next("ack")).events, 1);
  t.deepEqual(
    (await eventsOf(s, id)).map(({ kind }) => kind),
    ["crash", "sleep", "ready", "wake", "created"],
  );
});

test("windows of usage are stored, and not shown among the events of their server", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const usage = { n: 1, at: 1, server: id, gen: 1, kind: "usage", cause: null, data: { fromMono: 0, toMono: 60_000 } };
  s.agent.send({ t: "events", log: "log-1", items: [usage] });
  await s.agent.next("ack");
  t.deepEqual(
    (await eventsOf(s, id)).map(({ kind }) => kind),
    ["created"],
  );
  t.is((await s.context.db("events").where({ subject_kind: "server_usage", subject_id: id })).length, 1);
});

test("an agent whose disk was put back to an earlier state tells its new events under numbers that were used before", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const event = (n: number, kind: string) => ({ n, at: n, server: id, gen: 1, kind, cause: null, data: {} });
  const log = "log-1";
  s.agent.send({ t: "events", log, items: [event(1, "wake"), event(2, "ready"), event(3, "sleep")] });
  await s.agent.next("ack");
  const back = await connectAgent(t, s.context.localUrl, s.key, {
    hello: { appliedRev: 1, log: { id: log, last: 1 } },
  });
  t.is(back.welcome.ack, 1);
  back.send({ t: "events", log, items: [event(1, "wake"), event(2, "crash")] });
  t.is((await back.next("ack")).events, 2);
  t.deepEqual(
    (await eventsOf(s, id)).map(({ kind }) => kind),
    ["crash", "sleep", "ready", "wake", "created"],
  );
});

test("a deleted server's row stays until the agent says that it is gone", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }));
  const deleted = await s.client.request<Server>("DELETE", `/api/v1/servers/${id}?purge=true`);
  t.is(deleted.status, 202);
  t.like(deleted.body, { want: "absent", state: "Deleting", can: { delete: false } });
  await s.agent.next("desired");
  t.like((await s.agent.next("desired")).upsert[0], { want: "absent", purge: true, gen: 2 });
  // Absent, but said before the agent knew of the deletion: that is no promise that the files are gone.
  await s.agent.report(statusOf({ id, gen: 1 }, { state: "absent" }));
  t.is((await s.client.get(`/api/v1/servers/${id}`)).status, 200);
  await s.agent.report(statusOf({ id, gen: 2 }, { state: "absent" }));
  t.is((await s.client.get(`/api/v1/servers/${id}`)).status, 404);
});

test("an agent hears that it may forget a deleted server", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  await s.agent.report(statusOf({ id, gen: 2 }, { state: "absent" }));
  const removals = await until("the removal", async () => {
    const frames = s.agent.frames.filter((frame) => frame.t === "desired");
    return frames.find((frame) => frame.remove.includes(id));
  });
  t.deepEqual(removals.upsert, []);
});

test("a silent node is suspect, then unreachable: its servers are unknown, and known again when it is back", async (t) => {
  const ports = shiftedPorts();
  const s = await scene(t, {}, { overrides: { ports } });
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }, { kick: 1 }));
  ports.skip(silentIntervals * heartbeatMs);
  t.is((await s.agent.closed).code, closeCodes.silent);
  await until("suspect", async () => ((await nodeOf(s)).session === "suspect" ? true : undefined));
  t.is((await readServer(s, id)).have, "ready");
  const refused = await s.client.post<{ code: string }>("/api/v1/servers", { name: "two", game: "tiny" });
  t.deepEqual([refused.status, refused.body.code], [503, "no_node"]);
  ports.skip(silentIntervals * heartbeatMs);
  await until("unreachable", async () => ((await nodeOf(s)).session === "unreachable" ? true : undefined));
  const since = (await nodeOf(s)).lastSeenAt!;
  t.true(since > statusOf({ id, gen: 1 }).since);
  t.like(await readServer(s, id), { have: "unknown", state: "Unknown", since, can: { wake: false, delete: true } });
  const report = [statusOf({ id, gen: 1 })];
  await connectAgent(t, s.context.localUrl, s.key, { hello: { report, appliedRev: 1 } });
  t.like(await readServer(s, id), { have: "ready", state: "Running" });
});

test("heartbeats keep a session", async (t) => {
  const ports = shiftedPorts();
  const s = await scene(t, {}, { overrides: { ports } });
  for (let i = 0; i < 5; i++) {
    ports.skip(2 * heartbeatMs);
    s.agent.send({ t: "hb", appliedRev: 0, load: 0.5, memoryFreeBytes: 1, diskFreeBytes: 1 });
    await s.agent.next("hb");
  }
  t.is((await nodeOf(s)).session, "connected");
});

test("a heartbeat brings capabilities that changed, and one without them leaves them", async (t) => {
  const s = await scene(t);
  const beat = { t: "hb", appliedRev: 0, load: 0.5, memoryFreeBytes: 1, diskFreeBytes: 1 } as const;
  for (const said of [{ capabilities: { path: "kernel" } }, {}]) {
    s.agent.send({ ...beat, ...said });
    await s.agent.next("hb");
    t.deepEqual((await nodeOf(s)).capabilities, { path: "kernel" });
  }
});

test("a boot that comes back after another was seen puts the node into quarantine, and a new secret ends that", async (t) => {
  const s = await scene(t, { hello: { boot: "a" } });
  const other = await connectAgent(t, s.context.localUrl, s.key, { hello: { boot: "b" } });
  await t.throwsAsync(connectAgent(t, s.context.localUrl, s.key, { hello: { boot: "a" } }), {
    message: new RegExp(`closed ${closeCodes.quarantined}`),
  });
  t.true((await nodeOf(s)).quarantined);
  await t.throwsAsync(connectAgent(t, s.context.localUrl, s.key, { hello: { boot: "b" } }), {
    message: new RegExp(`closed ${closeCodes.quarantined}`),
  });
  t.is((await other.closed).code, closeCodes.quarantined, "the one that was connected must stop, too");
  const rotated = await s.client.post<{ secret: string }>(`/api/v1/nodes/${s.key.nodeId}/rotate-secret`);
  const key = { ...s.key, secret: rotated.body.secret };
  await connectAgent(t, s.context.localUrl, key, { hello: { boot: "a" } });
  t.like(await nodeOf(s), { quarantined: false, session: "connected" });
  await t.throwsAsync(openLink(s.context.localUrl, s.key), { message: "HTTP 401" });
});

test("two secrets are good while rotating; the first use of the new one ends the old one", async (t) => {
  const s = await scene(t);
  const { body } = await s.client.post<{ secret: string }>(`/api/v1/nodes/${s.key.nodeId}/rotate-secret`);
  const old = await connectAgent(t, s.context.localUrl, s.key);
  await connectAgent(t, s.context.localUrl, { ...s.key, secret: body.secret });
  t.is((await old.closed).code, closeCodes.superseded);
  await t.throwsAsync(openLink(s.context.localUrl, s.key), { message: "HTTP 401" });
});

test("a wrong secret is refused before the upgrade, an unknown node alike", async (t) => {
  const s = await hostingHarness(t);
  const key = await joinNode(s.client);
  await t.throwsAsync(openLink(s.context.localUrl, { ...key, secret: "0".repeat(64) }), { message: "HTTP 401" });
  await t.throwsAsync(openLink(s.context.localUrl, { nodeId: "node_x", secret: key.secret }), { message: "HTTP 401" });
  await t.throwsAsync(openLink(s.context.localUrl, { nodeId: key.nodeId, secret: "" }), { message: "HTTP 401" });
});

// By itself: it measures time.
test.serial("revoking closes the live socket within two seconds and for good", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const began = systemClock.mono();
  t.is((await s.client.post(`/api/v1/nodes/${s.key.nodeId}/revoke`)).status, 204);
  t.is((await s.agent.closed).code, closeCodes.revoked);
  t.true(systemClock.mono() - began < 2000);
  await t.throwsAsync(openLink(s.context.localUrl, s.key), { message: "HTTP 401" });
  t.deepEqual((await s.client.get<{ items: Node[] }>("/api/v1/nodes")).body.items, []);
  t.is((await readServer(s, id)).have, "unknown");
  // Its node can never say that it is gone.
  await s.client.request("DELETE", `/api/v1/servers/${id}?purge=true`);
  t.is((await s.client.get(`/api/v1/servers/${id}`)).status, 404);
});

test("a node that has seen more than the database is adopted: nothing is stopped until it is confirmed", async (t) => {
  const s = await scene(t);
  const [kept, gone] = [await createServer(s), await createServer(s, { name: "two" })];
  await s.client.request("DELETE", `/api/v1/servers/${kept.id}?purge=true`);
  const report = [statusOf({ id: kept.id, gen: 40 }, { state: "ready" })];
  const agent = await connectAgent(t, s.context.localUrl, s.key, { hello: { report, appliedRev: 90 } });
  t.true(agent.welcome.adopt);
  t.true((await nodeOf(s)).adopt);
  const refused = await s.client.post<{ code: string }>("/api/v1/servers", { name: "x", game: "tiny" });
  t.is(refused.body.code, "no_node");
  t.is((await s.client.post(`/api/v1/nodes/${s.key.nodeId}/adopt`, { accept: true })).status, 204);
  const { snapshot, adopt, rev } = await agent.next("snapshot");
  t.false(adopt);
  t.true(rev > 90);
  t.deepEqual(
    snapshot.map((server) => [server.id, server.want, server.purge, server.gen > 40]),
    [[kept.id, "auto", false, true]],
    "what runs is wanted, what is gone is gone",
  );
  t.is((await s.client.get(`/api/v1/servers/${gone.id}`)).status, 404);
  t.is((await s.client.post(`/api/v1/nodes/${s.key.nodeId}/adopt`, { accept: true })).status, 409);
});

test("adopt mode that is not accepted carries out what the database wants", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.client.request("PATCH", `/api/v1/servers/${id}`, { want: "stopped" });
  const report = [statusOf({ id, gen: 40 }, { state: "ready" })];
  const agent = await connectAgent(t, s.context.localUrl, s.key, { hello: { report, appliedRev: 90 } });
  await s.client.post(`/api/v1/nodes/${s.key.nodeId}/adopt`, { accept: false });
  t.like((await agent.next("snapshot")).snapshot[0], { id, want: "stopped", gen: 41 });
});

test("a control plane that starts again takes no node for connected, and goes on with its epochs", async (t) => {
  const first = await scene(t);
  const { id } = await createServer(first);
  await first.context.close();
  const config = { dataDir: first.config.dataDir, gamesDir: first.config.gamesDir };
  const second = { ...first, ...(await hostingHarness(t, { config })) };
  t.is((await nodeOf(second)).session, "suspect");
  const agent = await connectAgent(t, second.context.localUrl, second.key, { hello: { appliedRev: 1 } });
  t.is(agent.welcome.epoch, 2);
  t.deepEqual(
    agent.welcome.snapshot.map((server) => server.id),
    [id],
  );
});
