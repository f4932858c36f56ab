/**
 * Random orders of what can happen on a link: changes by people, frames that come twice, late or not at all, and
 * connections that break. In the end both sides agree, and every event is stored once. A failure names its seed.
 */
import type { ControlFrame, DesiredServer, StatusItem } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import { createServer, hostingHarness, until } from "../../testing/hosting.ts";
import type { Harness } from "../../testing/harness.ts";
import { connectAgent, joinNode, statusOf, type NodeKey, type ScriptedAgent } from "../../testing/scripted-agent.ts";
import type { Server } from "../servers/schema.ts";

/** A small generator that gives the same chances for the same seed. */
function chances(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * n);
  };
}

/** What an agent knows, over its connections. */
class Model {
  readonly actual = new Map<string, StatusItem>();
  readonly events: object[] = [];
  appliedRev = 0;
  seq = 0;
  read = 0;
  readonly sent: object[] = [];

  take(frame: ControlFrame, agent: ScriptedAgent): void {
    if (frame.t === "snapshot" || frame.t === "welcome") {
      const known = new Set(frame.snapshot.map(({ id }) => id));
      for (const id of this.actual.keys()) if (!known.has(id)) this.actual.delete(id);
      frame.snapshot.forEach((server) => this.apply(server));
      this.appliedRev = frame.rev;
    } else if (frame.t === "desired" && frame.prev !== this.appliedRev) {
      agent.send({ t: "resync", appliedRev: this.appliedRev });
    } else if (frame.t === "desired") {
      frame.upsert.forEach((server) => this.apply(server));
      frame.remove.forEach((id) => this.actual.delete(id));
      this.appliedRev = frame.rev;
    }
  }

  apply({ id, gen, want, kick }: DesiredServer): void {
    const now = this.actual.get(id) ?? statusOf({ id, gen }, { state: "absent", kick: 0 });
    const fresh = kick !== null && kick.gen > now.kick;
    const woken = kick?.kind === "hibernate" ? "hibernated" : "ready";
    const state = want === "absent" ? "absent" : fresh ? woken : now.state === "absent" ? "preparing" : now.state;
    this.actual.set(id, {
      ...now,
      gen,
      state,
      tier: state === "hibernated" ? "held" : null,
      kick: kick?.gen ?? now.kick,
    });
  }

  status(items: StatusItem[]): object {
    const frame = { t: "status", seq: ++this.seq, items };
    this.sent.push(frame);
    return frame;
  }

  event(server: string): void {
    const n = this.events.length + 1;
    this.events.push({ n, at: n, server, gen: 1, kind: "wake", cause: null, data: { n } });
  }
}

interface World extends Harness {
  key: NodeKey;
  model: Model;
  agent: ScriptedAgent;
  chance: (n: number) => number;
}

async function reconnect(t: ExecutionContext, w: World): Promise<void> {
  const { model } = w;
  const hello = {
    appliedRev: model.appliedRev,
    report: [...model.actual.values()],
    log: { id: "log-1", last: model.events.length },
  };
  w.agent = await connectAgent(t, w.context.localUrl, w.key, { hello });
  model.sent.length = 0;
  model.seq = 0;
  model.read = 0;
  model.take(w.agent.welcome, w.agent);
}

const takeAll = (w: World): void => {
  while (w.model.read < w.agent.frames.length) w.model.take(w.agent.frames[w.model.read++]!, w.agent);
};

async function people(w: World): Promise<void> {
  const servers = (await w.client.get<{ items: Server[] }>("/api/v1/servers")).body.items;
  const server = servers[w.chance(servers.length || 1)];
  const what = w.chance(8);
  if (!server || (what < 2 && servers.length < 6)) return void (await createServer(w));
  const path = `/api/v1/servers/${server.id}`;
  if (what < 3) await w.client.request("DELETE", path);
  else if (what < 5) await w.client.post(`${path}/wake`);
  else if (what < 6) await w.client.post(`${path}/hibernate`);
  else await w.client.request("PATCH", path, { idleSeconds: 1 + w.chance(1000) });
}

async function step(t: ExecutionContext, w: World): Promise<void> {
  const { model, agent, chance } = w;
  const items = [...model.actual.values()];
  const some = items[chance(items.length || 1)];
  switch (chance(9)) {
    case 0:
    case 1:
      return await people(w);
    case 2:
    case 3:
      return takeAll(w);
    case 4:
      if (some && some.state !== "absent")
        model.actual.set(some.id, { ...some, state: "ready", tier: null, since: chance(1e6) });
      return agent.send(model.status([...model.actual.values()]));
    case 5:
      // Sent again although it was taken in, or an old one after a newer.
      return void (model.sent.length > 0 && agent.send(model.sent[chance(model.sent.length)]!));
    case 6:
      if (some) model.event(some.id);
      return;
    case 7: {
      const from = chance(model.events.length || 1);
      const upTo = model.events.slice(0, from + 1 + chance(5));
      return void (upTo.length > 0 && agent.send({ t: "events", log: "log-1", items: upTo }));
    }
    default:
      if (chance(2) === 0) agent.closed.catch(() => {});
      else await agent.close();
      return await reconnect(t, w);
  }
}

/** Everything is heard and said once more, as an agent does when nothing disturbs it. */
async function settle(t: ExecutionContext, w: World): Promise<void> {
  await reconnect(t, w);
  const { model } = w;
  if (model.events.length > 0) w.agent.send({ t: "events", log: "log-1", items: model.events });
  await until("both sides agree", async () => {
    takeAll(w);
    await w.agent.report(...model.actual.values());
    takeAll(w);
    const servers = (await w.client.get<{ items: Server[] }>("/api/v1/servers")).body.items;
    const same = servers.length === model.actual.size && servers.every(({ want }) => want !== "absent");
    return same ? true : undefined;
  });
}

for (const seed of [1, 2, 3, 4, 5, 6])
  test(`both sides agree in the end, seed ${seed}`, async (t) => {
    t.timeout(60_000);
    const base = await hostingHarness(t);
    const key = await joinNode(base.client);
    const agent = await connectAgent(t, base.context.localUrl, key);
    const w: World = { ...base, key, agent, model: new Model(), chance: chances(seed) };
    for (let i = 0; i < 150; i++) await step(t, w);
    await settle(t, w);

    const servers = (await w.client.get<{ items: Server[] }>("/api/v1/servers")).body.items;
    const shown = servers.map(({ id, have, tier }) => [id, have, tier]).toSorted();
    const actual = [...w.model.actual.values()].map(({ id, state, tier }) => [id, state, tier]).toSorted();
    t.deepEqual(shown, actual);
    const rows = (await w.context.core("servers").whereNull("removed_at")) as {
      kick: string | null;
      gen: number;
      id: string;
    }[];
    t.true(
      rows.every((row) => row.kick === null),
      "no kick is left over",
    );
    for (const row of rows) t.is(w.model.actual.get(row.id)?.gen, row.gen);
    const stored = (await w.context.core("events").where({ kind: "wake" }).orderBy("seq")) as { data: string }[];
    t.deepEqual(
      stored.map((row) => (JSON.parse(row.data) as { n: number }).n),
      w.model.events.map((_event, i) => i + 1),
    );
    const leases = (await w.context.core("port_leases")) as { server_id: string }[];
    t.deepEqual(leases.map((lease) => lease.server_id).toSorted(), servers.map(({ id }) => id).toSorted());
  });
