import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { statusOf } from "../../testing/scripted-agent.ts";
import { createMetrics } from "../../platform/metrics/metrics.ts";
import { parseExposition } from "../../testing/exposition.ts";
import { createServer, scene, type Scene, until } from "../../testing/hosting.ts";
import { meters } from "./meters.ts";

const read = async ({ stranger }: Scene) => parseExposition((await stranger.get<string>("/metrics")).body);

/** The value of one series; undefined when it is not there. */
async function value(base: Scene, name: string, labels: Record<string, string>): Promise<number | undefined> {
  const samples = [...(await read(base)).values()].flatMap((family) => family.samples);
  const matches = (found: Record<string, string>) => Object.entries(labels).every(([key, text]) => found[key] === text);
  return samples.find((sample) => sample.name === name && matches(sample.labels))?.value;
}

let logged = 0;
/** Sends events as an agent does and waits until they are acknowledged. */
async function tell(base: Scene, server: string, ...events: { kind: string; cause?: object; data?: object }[]) {
  const items = events.map(({ kind, cause = null, data = {} }) => ({
    n: ++logged,
    at: 1000,
    server,
    gen: 1,
    kind,
    cause,
    data,
  }));
  base.agent.send({ t: "events", log: "log-1", items });
  await until("the events are stored", async () => {
    const seen = base.agent.frames.some((frame) => frame.t === "ack" && (frame.events ?? 0) >= logged);
    return seen || undefined;
  });
  return items;
}

test.beforeEach(() => void (logged = 0));

test.serial(
  "wakes are counted by what woke a server and how it ended, with the time that its node measured",
  async (t) => {
    const base = await scene(t);
    const { id } = await createServer(base);
    const cause = { kind: "packet", source: "203.0.113.7:50000", port: "game" };
    const items = await tell(base, id, { kind: "wake", cause }, { kind: "ready", cause, data: { totalMs: 1500 } });
    await tell(base, id, { kind: "wake", cause: { kind: "api" } }, { kind: "failed", cause: { kind: "api" } });
    // None of these ended a wake: nobody was woken before it, or people played already.
    await tell(
      base,
      id,
      { kind: "failed" },
      { kind: "wake", cause },
      { kind: "ready", cause, data: { totalMs: 500 } },
      { kind: "crash" },
    );
    const wakes = (labels: Record<string, string>) => value(base, "playspawn_wakes_total", { game: "tiny", ...labels });
    t.is(await wakes({ trigger: "packet", outcome: "ready" }), 2);
    t.is(await wakes({ trigger: "api", outcome: "failed" }), 1);
    t.is(await wakes({ trigger: "packet", outcome: "failed" }), undefined);
    t.is(await value(base, "playspawn_wake_duration_seconds_sum", { game: "tiny" }), 2);
    t.is(await value(base, "playspawn_wake_duration_seconds_count", { game: "tiny" }), 2);
    // Told again, as after a lost acknowledgement: counted once.
    base.agent.send({ t: "events", log: "log-1", items });
    await tell(base, id, { kind: "player_join", data: { name: "Ann" } });
    t.is(await wakes({ trigger: "packet", outcome: "ready" }), 2);
    t.false(JSON.stringify([...(await read(base))]).includes("203.0.113"));
  },
);

test.serial("time asleep is what the usage journal says; of a server that is gone nothing is counted", async (t) => {
  const base = await scene(t);
  const { id } = await createServer(base);
  const window = (state: string, from: number, to: number) => ({
    kind: "usage",
    data: { state, fromMono: from, toMono: to, run: "run" },
  });
  await tell(
    base,
    id,
    window("hibernated", 0, 60_000),
    window("ready", 60_000, 90_000),
    window("hibernated", 90_000, 91_500),
  );
  const asleep = () => value(base, "playspawn_server_asleep_seconds_total", { server: id });
  t.is(await asleep(), 61.5);
  await base.context.db("servers").where({ id }).update({ removed_at: 1 });
  await tell(base, id, window("hibernated", 91_500, 99_000));
  t.is(await asleep(), 61.5);
});

test.serial("a server that is deleted with its node gone, or by a restore confirmed, leaves no figures", async (t) => {
  const base = await scene(t);
  const asleep = { kind: "usage", data: { state: "hibernated", fromMono: 0, toMono: 60_000, run: "run" } };
  const figures = async (id: string) => value(base, "playspawn_server_asleep_seconds_total", { server: id });
  const { id: lost } = await createServer(base);
  await base.agent.report({ ...statusOf({ id: lost, gen: 1 }), state: "absent" });
  await tell(base, lost, asleep);
  await base.context.db("nodes").update({ adopt_rev: 9 });
  t.is(await figures(lost), 60);
  await base.client.post(`/api/v1/nodes/${base.key.nodeId}/adopt`, { accept: true });
  t.is(await figures(lost), undefined);
  const { id: abandoned } = await createServer(base);
  await tell(base, abandoned, asleep);
  await base.client.post(`/api/v1/nodes/${base.key.nodeId}/revoke`);
  t.is(await figures(abandoned), 60);
  await base.client.request("DELETE", `/api/v1/servers/${abandoned}?purge=true`);
  t.is(await figures(abandoned), undefined);
});

test.serial("servers, players and nodes are as the API shows them", async (t) => {
  const base = await scene(t);
  const { id } = await createServer(base);
  const item = { id, gen: 1, state: "ready", tier: null, cause: null, kick: 0, since: 1, detail: {} } as const;
  await base.agent.report({ ...item, players: { online: 3, max: 8, names: ["Ann", "Bob", "Cy"] } } as never);
  t.is(await value(base, "playspawn_servers", { state: "ready", game: "tiny" }), 1);
  t.is(await value(base, "playspawn_server_players", { server: id }), 3);
  t.is(await value(base, "playspawn_server_players_max", { server: id }), 8);
  t.is(await value(base, "playspawn_node_up", { node: base.key.nodeId }), 1);
  t.is(await value(base, "playspawn_agent_sockets", {}), 1);
  t.true((await value(base, "playspawn_node_memory_bytes", { node: base.key.nodeId, kind: "total" }))! > 0);
  t.false(JSON.stringify([...(await read(base))]).includes("Ann"));
  await base.agent.close();
  await until("the node is down", async () =>
    (await value(base, "playspawn_node_up", { node: base.key.nodeId })) === 0 ? true : undefined,
  );
});

test.serial("two who look at once read the same figures", async (t) => {
  const base = await scene(t);
  await createServer(base);
  const { db, telemetry, log } = base.context;
  const metrics = createMetrics(systemPorts);
  metrics.watchDatabase("core", db);
  metrics.watchDatabase("telemetry", telemetry);
  meters({ db, telemetry, log, ports: systemPorts, metrics });
  const texts = await Promise.all([metrics.registry.metrics(), metrics.registry.metrics()]);
  for (const text of texts) t.regex(text, /^playspawn_servers\{state="absent",game="tiny"\} 1$/m);
});

test.serial("while a database is away what does not need it is told, and that it is away", async (t) => {
  const base = await scene(t);
  await createServer(base);
  const up = (database: string) => value(base, "playspawn_database_up", { database });
  t.is(await up("telemetry"), 1);
  await base.context.telemetry.destroy();
  t.is((await base.stranger.get("/metrics")).status, 200);
  t.deepEqual([await up("core"), await up("telemetry")], [1, 0]);
  t.is(await value(base, "playspawn_node_up", { node: base.key.nodeId }), 1);
  t.is(await value(base, "playspawn_node_memory_bytes", { node: base.key.nodeId }), undefined);
  await base.context.db.destroy();
  t.deepEqual([await up("core"), await up("telemetry")], [0, 0]);
  t.is(await value(base, "playspawn_servers", {}), undefined);
  t.is(await value(base, "playspawn_agent_sockets", {}), 1);
});
