/**
 * Random orders of what can happen on a link: changes by people, frames that come twice, late or not at all, and
 * connections that break. In the end both sides agree, and every event is stored once. A failure names its seed.
 */
import type { ControlFrame, DesiredServer, StatusItem, Server } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { createServer, hostingHarness, until } from "../../testing/hosting.ts";
import type { Harness } from "../../testing/harness.ts";
import { connectAgent, joinNode, statusOf, type NodeKey, type ScriptedAgent } from "../../testing/scripted-agent.ts";

/** A small generator that gives the same chances for the same seed. */
function chances(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * n);
  };
}

/** What an agent knows, over its connections. What changed and was not said yet is dirty; nothing else is repeated. */
class Model {
  readonly wanted = new Map<string, DesiredServer>();
  readonly actual = new Map<string, StatusItem>();
  readonly dirty = new Set<string>();
  /** Servers with files here, and those that were to be forgotten although they had some. */
  readonly files = new Set<string>();
  readonly leftOver: string[] = [];
  readonly events: { n: number; server: string }[] = [];
  appliedRev = 0;
  seq = 0;
  read = 0;
  readonly sent: object[] = [];

  take(frame: ControlFrame, agent: ScriptedAgent): void {
    if (frame.t === "snapshot" || frame.t === "welcome") {
      const known = new Set(frame.snapshot.map(({ id }) => id));
      for (const id of this.wanted.keys()) if (!known.has(id)) this.forget(id);
      frame.snapshot.forEach((server) => this.learn(server));
      this.appliedRev = frame.rev;
    } else if (frame.t === "desired" && frame.prev !== this.appliedRev) {
      agent.send({ t: "resync", appliedRev: this.appliedRev });
    } else if (frame.t === "desired") {
      frame.upsert.forEach((server) => this.learn(server));
      frame.remove.forEach((id) => this.forget(id));
      this.appliedRev = frame.rev;
    }
  }

  private learn(server: DesiredServer): void {
    const now = this.actual.get(server.id) ?? statusOf(server, { state: "absent", kick: 0 });
    this.wanted.set(server.id, server);
    // What is to be purged is not gone as long as its files are there.
    const owes = server.purge && this.files.has(server.id) && now.state === "absent";
    this.set({ ...now, gen: server.gen, ...(owes && { state: "stopping" as const }) });
  }

  private forget(id: string): void {
    if (this.files.has(id)) this.leftOver.push(id);
    this.wanted.delete(id);
    this.actual.delete(id);
    this.dirty.delete(id);
  }

  set(item: StatusItem): void {
    this.actual.set(item.id, item);
    this.dirty.add(item.id);
  }

  /** Does what is wanted, some time after it was learned. */
  act(id: string): void {
    const { want, kick, purge } = this.wanted.get(id)!;
    const now = this.actual.get(id)!;
    const fresh = kick !== null && kick.gen > now.kick;
    const kicked = kick?.kind === "hibernate" ? "hibernated" : "ready";
    const state = want === "absent" ? "absent" : fresh ? kicked : now.state === "absent" ? "preparing" : now.state;
    if (want === "absent" && purge) this.files.delete(id);
    else if (want !== "absent") this.files.add(id);
    if (state === now.state && !fresh) return;
    this.set({ ...now, state, tier: state === "hibernated" ? "held" : null, kick: fresh ? kick.gen : now.kick });
  }

  status(): object | undefined {
    const items = [...this.dirty].map((id) => this.actual.get(id)!);
    if (items.length === 0) return undefined;
    this.dirty.clear();
    const frame = { t: "status", seq: ++this.seq, items };
    this.sent.push(frame);
    return frame;
  }

  event(server: string): void {
    const n = this.events.length + 1;
    const event = { n, at: n, server, gen: 1, kind: "wake", cause: null, data: { n } };
    this.events.push(event);
  }
}

interface World extends Harness {
  key: NodeKey;
  model: Model;
  agent: ScriptedAgent;
  /** The newest kick that people were told is taken in, by server. */
  kicks: Map<string, number>;
  chance: (n: number) => number;
}

async function reconnect(t: ExecutionContext, w: World): Promise<void> {
  const { model } = w;
  const hello = {
    appliedRev: model.appliedRev,
    report: [...model.actual.values()],
    log: { id: "log-1", last: model.events.length },
  };
  model.dirty.clear();
  model.sent.length = 0;
  model.seq = 0;
  model.read = 0;
  w.agent = await connectAgent(t, w.context.localUrl, w.key, { hello });
  model.take(w.agent.welcome, w.agent);
}

const takeAll = (w: World): void => {
  while (w.model.read < w.agent.frames.length) w.model.take(w.agent.frames[w.model.read++]!, w.agent);
};

/** Everything that has a row, in the trash or not. */
async function listed({ client }: World): Promise<Server[]> {
  const read = async (trash: boolean) =>
    (await client.get<{ items: Server[] }>(`/api/v1/servers?limit=100&trash=${trash}`)).body.items;
  return [...(await read(false)), ...(await read(true))];
}

async function people(w: World): Promise<void> {
  const servers = await listed(w);
  const server = servers[w.chance(servers.length || 1)];
  const what = w.chance(8);
  if (!server || (what < 2 && servers.length < 6)) return void (await createServer(w));
  const path = `/api/v1/servers/${server.id}`;
  if (server.trashedAt !== null && what < 5) await w.client.post(`${path}/restore`);
  else if (what < 3) {
    await w.client.request("DELETE", w.chance(2) === 0 ? `${path}?purge=true` : path);
    // Whoever deletes it takes back what was asked of it.
    w.kicks.delete(server.id);
  } else if (what < 6) await kick(w, server, what < 5 ? "wake" : "hibernate");
  else await w.client.request("PATCH", path, { idleSeconds: 1 + w.chance(1000) });
}

async function kick(w: World, { id }: Server, kind: "wake" | "hibernate"): Promise<void> {
  const { status } = await w.client.post(`/api/v1/servers/${id}/${kind}`);
  if (status !== 202) return;
  const row = (await w.context.db("servers").where({ id }).first("kick")) as { kick: string | null };
  if (row.kick !== null) w.kicks.set(id, (JSON.parse(row.kick) as { gen: number }).gen);
}

async function step(t: ExecutionContext, w: World): Promise<void> {
  const { model, agent, chance } = w;
  const items = [...model.actual.values()];
  const some = items[chance(items.length || 1)];
  const say = model.status.bind(model);
  switch (chance(11)) {
    case 0:
    case 1:
      return await people(w);
    case 2:
    case 3:
      return takeAll(w);
    case 4: {
      const frame = say();
      if (frame) agent.send(frame);
      return;
    }
    case 8:
    case 9:
      if (some) model.act(some.id);
      return;
    case 5:
      // Sent again although it was taken in, or an old one after a newer.
      if (model.sent.length > 0) agent.send(model.sent[chance(model.sent.length)]!);
      return;
    case 6:
      if (some) model.event(some.id);
      return;
    case 7: {
      const from = chance(model.events.length || 1);
      const upTo = model.events.slice(0, from + 1 + chance(5));
      if (upTo.length > 0) agent.send({ t: "events", log: "log-1", items: upTo });
      return;
    }
    default:
      if (chance(2) === 0) agent.closed.catch(() => {});
      else await agent.close();
      return await reconnect(t, w);
  }
}

/** Nothing disturbs any more; what was not heard, done or said yet is, and nothing else. */
async function settle(w: World): Promise<void> {
  const { model } = w;
  if (model.events.length > 0) w.agent.send({ t: "events", log: "log-1", items: model.events });
  await until("both sides agree", async () => {
    takeAll(w);
    for (const id of model.wanted.keys()) model.act(id);
    const frame = model.status();
    if (frame) w.agent.send(frame);
    w.agent.send({ t: "status", seq: ++model.seq, items: [] });
    for (let ack = await w.agent.next("ack"); ack.seq !== model.seq;) ack = await w.agent.next("ack");
    const rows = (await w.context.db("servers").whereNull("removed_at")) as { gen: number; id: string }[];
    const same = rows.length === model.actual.size && rows.every(({ id, gen }) => model.actual.get(id)?.gen === gen);
    return same && model.dirty.size === 0 ? true : undefined;
  });
}

/** Every status of this connection once more, the newest first: none of them says anything new. */
async function echo({ agent, model }: World): Promise<void> {
  for (const frame of model.sent.toReversed()) agent.send(frame);
  agent.send({ t: "status", seq: ++model.seq, items: [] });
  for (let ack = await agent.next("ack"); ack.seq !== model.seq;) ack = await agent.next("ack");
}

for (const seed of [1, 2, 3, 4, 5, 6])
  test(`both sides agree in the end, seed ${seed}`, async (t) => {
    t.timeout(60_000);
    const base = await hostingHarness(t);
    const key = await joinNode(base.client);
    const agent = await connectAgent(t, base.context.localUrl, key);
    const w: World = { ...base, key, agent, model: new Model(), kicks: new Map(), chance: chances(seed) };
    for (let i = 0; i < 250; i++) await step(t, w);
    await settle(w);
    await echo(w);

    const servers = await listed(w);
    const shown = servers.map(({ id, have, tier }) => `${id} ${have} ${tier}`).toSorted();
    const actual = [...w.model.actual.values()].map(({ id, state, tier }) => `${id} ${state} ${tier}`).toSorted();
    t.deepEqual(shown, actual);
    const rows = (await w.context.db("servers").whereNull("removed_at")) as {
      kick: string | null;
      gen: number;
      id: string;
    }[];
    t.true(
      rows.every((row) => row.kick === null),
      "no kick is left over",
    );
    for (const { id, kick } of w.model.actual.values()) t.true(kick >= (w.kicks.get(id) ?? 0), "no kick is lost");
    t.deepEqual(w.model.leftOver, [], "no server is forgotten before its files are deleted");
    // A purge forgets what happened to its server: of all others every event is there once, in its order.
    const kept = new Set(rows.map(({ id }) => id));
    const stored = (await w.context.db("events").where({ kind: "wake" }).orderBy("seq")) as {
      subject_id: string;
      data: string;
    }[];
    t.deepEqual(
      stored.filter((row) => kept.has(row.subject_id)).map((row) => (JSON.parse(row.data) as { n: number }).n),
      w.model.events.filter(({ server }) => kept.has(server)).map(({ n }) => n),
    );
    t.true(w.model.events.some(({ server }) => kept.has(server)));
    const leases = (await w.context.db("port_leases")) as { server_id: string }[];
    const holding = servers.filter(({ trashedAt }) => trashedAt === null).map(({ id }) => id);
    t.deepEqual(leases.map((lease) => lease.server_id).toSorted(), holding.toSorted());
  });
