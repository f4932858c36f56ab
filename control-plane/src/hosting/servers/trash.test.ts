import { AppError, type Server } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import type { Problem } from "../../platform/http/problem.ts";
import { createServer, readServer, scene, until, type Scene } from "../../testing/hosting.ts";
import { connectAgent, statusOf } from "../../testing/scripted-agent.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";
import { LeaseLostError, untilLeased } from "./create.ts";
import { listPurgeDue } from "./store.ts";

const day = 24 * 3600_000;
const list = async (s: Scene, query = ""): Promise<string[]> =>
  (await s.client.get<{ items: Server[] }>(`/api/v1/servers${query}`)).body.items.map(({ id }) => id);
const trash = (s: Scene, id: string, query = "") => s.client.request<Server>("DELETE", `/api/v1/servers/${id}${query}`);
const restore = (s: Scene, id: string) => s.client.post<Server>(`/api/v1/servers/${id}/restore`);

/** In the trash, and taken down on its node. */
async function trashed(s: Scene, body: object = {}): Promise<Server> {
  const server = await createServer(s, body);
  const { body: answer } = await trash(s, server.id);
  await s.agent.report(statusOf({ id: server.id, gen: 2 }, { state: "absent", cause: null }));
  return answer;
}

const leases = async (s: Scene) => (await s.context.db("port_leases").select("port")).map(({ port }) => port as number);

test("a server that is deleted goes into the trash: taken down with its files kept, its ports free, out of the list", async (t) => {
  const s = await scene(t);
  const { id, addresses } = await createServer(s);
  await s.agent.next("desired");
  const { status, body } = await trash(s, id);
  t.is(status, 202);
  t.like(body, { state: "Trashed", purgeAt: body.trashedAt! + 30 * day, can: { delete: false, wake: false } });
  const { upsert } = await s.agent.next("desired");
  t.like(upsert[0], { want: "absent", purge: false, kick: null });
  t.deepEqual(await leases(s), [addresses[0]!.port], "until its node has let go of them");
  await s.agent.report(statusOf({ id, gen: 2 }, { state: "absent" }));
  t.deepEqual(await leases(s), []);
  t.deepEqual([await list(s), await list(s, "?trash=true")], [[], [id]]);
  t.is((await readServer(s, id)).state, "Trashed");
  for (const path of ["wake", "restart"]) {
    const refused = await s.client.post<Problem>(`/api/v1/servers/${id}/${path}`);
    t.regex(refused.body.detail, /is in the trash: restore it first/);
  }
});

test("a restored server has its old ports and is wanted as before; its node hears of it", async (t) => {
  const s = await scene(t);
  const before = await trashed(s, { want: "running" });
  const { status, body } = await restore(s, before.id);
  t.is(status, 200);
  t.like(body, { want: "running", trashedAt: null, purgeAt: null, addresses: before.addresses });
  t.deepEqual(await leases(s), [before.addresses[0]!.port]);
  const again = await restore(s, before.id);
  t.is(again.status, 409);
  t.deepEqual(await list(s), [before.id]);
});

test("ports that were taken meanwhile are others after a restore, and the event says which", async (t) => {
  const s = await scene(t);
  const before = await trashed(s);
  const { port } = before.addresses[0]!;
  await createServer(s, { ports: { game: port } });
  const { body } = await restore(s, before.id);
  const fresh = body.addresses[0]!.port;
  t.not(fresh, port);
  const { items } = (
    await s.client.get<{ items: { kind: string; data: object }[] }>(`/api/v1/servers/${before.id}/events`)
  ).body;
  t.like(items[0], { kind: "restored", data: { ports: `game ${port} → ${fresh}` } });
});

test("a restore before the node has let go keeps the ports without asking anybody", async (t) => {
  const s = await scene(t);
  const { id, addresses } = await createServer(s);
  await trash(s, id);
  await s.agent.close();
  const { status, body } = await restore(s, id);
  t.is(status, 200);
  t.deepEqual(body.addresses, addresses);
  const back = await connectAgent(t, s.context.localUrl, s.key, {
    hello: { report: [statusOf({ id, gen: 2 }, { state: "absent" })] },
  });
  t.like(back.welcome.snapshot[0], { want: "auto", gen: 3 });
  t.deepEqual(await leases(s), [addresses[0]!.port], "what was said of the former wish takes nothing away");
});

test("a deletion that is sent again, also at the same time, purges nothing", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const answers = await Promise.all(Array.from({ length: 20 }, () => trash(s, id)));
  t.true(answers.every(({ status }) => status === 202 || status === 409));
  t.is((await trash(s, id)).status, 202);
  t.like(await readServer(s, id), { state: "Trashed" });
  const events = await s.context.db("events").where({ kind: "trashed" });
  t.is(events.length, 1);
});

test("purging what is in the trash deletes it for good; its row goes once the node has said that nothing is left", async (t) => {
  const s = await scene(t);
  const { id } = await trashed(s);
  await s.client.request("PUT", `/api/v1/servers/${id}/favourite`);
  t.is((await trash(s, id, "?purge=true")).body.state, "Deleting");
  t.is((await restore(s, id)).status, 409);
  await s.agent.report(statusOf({ id, gen: 3 }, { state: "stopping" }));
  t.deepEqual(await list(s, "?trash=true"), [id]);
  await s.agent.report(statusOf({ id, gen: 3 }, { state: "absent" }));
  t.deepEqual(await list(s, "?trash=true"), []);
  t.is((await s.client.get(`/api/v1/servers/${id}`)).status, 404);
});

test("purge leaves the trash out; a server that is purged twice is purged once", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  t.like((await trash(s, id, "?purge=true")).body, { state: "Deleting", trashedAt: null });
  t.is((await trash(s, id)).status, 202);
  const [row] = await s.context.db("servers").select("gen", "purge");
  t.like(row, { gen: 2 });
});

test("what was in the trash for thirty days is purged by itself, also when its node was away", async (t) => {
  const ports = shiftedPorts();
  const s = await scene(t, {}, { overrides: { ports } });
  const { id } = await trashed(s);
  await s.agent.close();
  ports.skip(29 * day);
  const again = await connectAgent(t, s.context.localUrl, s.key);
  t.like(again.welcome.snapshot[0], { want: "absent", purge: false });
  await again.close();
  ports.skip(2 * day);
  const row = () => s.context.db("servers").where({ id }).first<{ purge: boolean | number }>("purge");
  await until("the purge", async () => ((await row())?.purge ? true : undefined));
  const last = await connectAgent(t, s.context.localUrl, s.key);
  t.like(last.welcome.snapshot[0], { want: "absent", purge: true });
});

test("a database that was restored from a backup does not purge what lies in its trash", async (t) => {
  const s = await scene(t);
  const { id } = await trashed(s);
  await s.agent.close();
  await connectAgent(t, s.context.localUrl, s.key, { hello: { appliedRev: 99 } });
  await s.client.post(`/api/v1/nodes/${s.key.nodeId}/adopt`, { accept: true });
  t.like(await readServer(s, id), { state: "Trashed" });
  t.false(Boolean((await s.context.db("servers").first("purge"))?.purge));
});

const adopted = (s: Scene, accept: boolean) => s.client.post(`/api/v1/nodes/${s.key.nodeId}/adopt`, { accept });

/** A backup of the time when this was in the trash was put back: on its node it runs, of a later generation. */
async function runsAgain(t: ExecutionContext, s: Scene, id: string) {
  await s.agent.close();
  const hello = { appliedRev: 99, report: [statusOf({ id, gen: 9 }, { state: "ready" })] };
  return await connectAgent(t, s.context.localUrl, s.key, { hello });
}

test("what runs on its node after a restored backup comes out of the trash, and is never purged", async (t) => {
  const s = await scene(t);
  const { id, addresses } = await trashed(s);
  const agent = await runsAgain(t, s, id);
  await s.context.db("servers").where({ id }).update({ purge: true });
  t.is((await adopted(s, true)).status, 204);
  const { snapshot } = await agent.next("snapshot");
  t.like(snapshot[0], { id, want: "auto", purge: false, gen: 10 });
  t.like(await readServer(s, id), { trashedAt: null, purgeAt: null, want: "auto" });
  t.deepEqual(await leases(s), [addresses[0]!.port]);
});

test("its ports given to another, it is taken down and its files wait; so it is where the database counts", async (t) => {
  for (const accept of [true, false]) {
    const s = await scene(t);
    const { id, addresses } = await trashed(s);
    if (accept) await createServer(s, { ports: { game: addresses[0]!.port } });
    const agent = await runsAgain(t, s, id);
    await adopted(s, accept);
    const { snapshot } = await agent.next("snapshot");
    const record = snapshot.find((one) => one.id === id);
    t.like(record, { want: "absent", purge: false, gen: 10 }, `the agent takes no older generation: ${accept}`);
    t.is((await readServer(s, id)).state, "Trashed");
  }
});

test("nothing is purged while a restored database is not confirmed", async (t) => {
  const s = await scene(t);
  const { id, purgeAt } = await trashed(s);
  const due = async () => (await listPurgeDue(s.context.db, purgeAt!)).map((row) => row.id);
  t.deepEqual(await due(), [id]);
  await runsAgain(t, s, id);
  t.deepEqual(await due(), []);
});

test("ports that others always take first are a refusal with words, not a fault of ours", async (t) => {
  const always = (): Promise<never> => Promise.reject(new LeaseLostError());
  const refused = await t.throwsAsync<AppError>(untilLeased(always), { instanceOf: AppError });
  t.is(refused.code, "port_taken");
});
