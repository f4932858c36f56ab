import type { Server } from "@playspawn/shared";
import test from "ava";
import { insertUser } from "../../people/users/store.ts";
import { transaction } from "../../platform/db/db.ts";
import { livePath } from "../../platform/http/live.ts";
import type { Problem } from "../../platform/http/problem.ts";
import { createClient, type Client } from "../../testing/client.ts";
import { createServer, readServer, rewriteTiny, scene, type Scene } from "../../testing/hosting.ts";
import { statusOf } from "../../testing/scripted-agent.ts";
import { openSocket } from "../../testing/socket.ts";

const knowing = { hello: { capabilities: { version: "0.2.0", update: true } } };
const patch = <T = Server>(s: Scene, id: string, body: object) =>
  s.client.request<T>("PATCH", `/api/v1/servers/${id}`, body);

/** A second account, signed in. */
async function person({ context }: Scene, email: string): Promise<{ client: Client; token: string; teamId: string }> {
  const user = await transaction(context.db, (tx) =>
    insertUser(tx, context.ports, { email, role: "user", passwordHash: null }),
  );
  const { token } = await context.sessions.open(context.db, user, "password");
  return { client: createClient(context.localUrl, token), token, teamId: user.team_id };
}

const newImage = (s: Scene): Promise<void> => rewriteTiny(s, "example/tiny:1", "example/tiny:2");

test("who may wake a server is stored, told to its node, and taken back; what is no address is refused by its place", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s, {});
  await s.agent.next("desired");
  const change = (wakeAllow: object) => s.client.request<Server>("PATCH", `/api/v1/servers/${id}`, { wakeAllow });
  const friends = { addresses: ["192.0.2.0/24", "2001:db8::1"], names: ["Ada"] };
  t.deepEqual((await change(friends)).body.wakeAllow, friends);
  t.deepEqual((await s.agent.next("desired")).upsert[0]?.allow, friends);
  const refused = await change({ addresses: ["192.0.2.1", "home"], names: ["a b"] });
  t.is(refused.status, 422);
  t.regex(JSON.stringify(refused.body), /"\/wakeAllow\/addresses\/1".*"\/wakeAllow\/names\/0"/);
  await change({ addresses: [], names: [] });
  t.is((await s.agent.next("desired")).upsert[0]?.allow, undefined);
});

test("notes are kept as they are written, up to four thousand characters, and the node never hears of them", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.next("desired");
  t.is((await patch(s, id, { notes: "Bring\nsnacks" })).body.notes, "Bring\nsnacks");
  const long = await patch<Problem>(s, id, { notes: "x".repeat(4001) });
  t.deepEqual([long.status, long.body.faults?.[0]?.pointer], [422, "/notes"]);
  for (const notes of ["\u0000", "a\ud800", "\u202e"]) t.is((await patch<Problem>(s, id, { notes })).status, 422);
  await patch(s, id, { idleSeconds: 60 });
  t.is((await s.agent.next("desired")).upsert[0]?.gen, 2);
});

test("favourites are each user's own, and only of servers they may see", async (t) => {
  const s = await scene(t);
  const mia = await person(s, "mia@example.org");
  const { id } = await createServer(s);
  const path = `/api/v1/servers/${id}/favourite`;
  t.is((await mia.client.request("PUT", path)).status, 404);
  for (let i = 0; i < 2; i++) t.is((await s.client.request("PUT", path)).status, 204);
  t.deepEqual((await s.client.get("/api/v1/me/favourites")).body, { items: [id] });
  t.deepEqual((await mia.client.get("/api/v1/me/favourites")).body, { items: [] });
  t.is((await s.client.request("DELETE", path)).status, 204);
  t.deepEqual((await s.client.get("/api/v1/me/favourites")).body, { items: [] });
});

test("a server that is given away is the other's alone: lists, sockets, stars and streams of the former owner end", async (t) => {
  const s = await scene(t);
  const mia = await person(s, "mia@example.org");
  const tom = await person(s, "tom@example.org");
  t.like((await mia.client.get("/api/v1/auth/me")).body, { others: true });
  const { id } = (await mia.client.post<Server>("/api/v1/servers", { name: "hers", game: "tiny" })).body;
  await mia.client.request("PUT", `/api/v1/servers/${id}/favourite`);
  const live = s.stranger.url + livePath;
  const hers = await openSocket(t, live, { authorization: `Bearer ${mia.token}` });
  const his = await openSocket(t, live, { authorization: `Bearer ${tom.token}` });
  const stranger = await tom.client.post(`/api/v1/servers/${id}/transfer`, { email: "tom@example.org" });
  t.is(stranger.status, 404);
  const nobody = await mia.client.post<Problem>(`/api/v1/servers/${id}/transfer`, { email: "no@example.org" });
  t.deepEqual([nobody.status, nobody.body.faults?.[0]?.pointer], [422, "/email"]);
  t.is((await mia.client.post(`/api/v1/servers/${id}/transfer`, { email: "Tom@example.org" })).status, 200);
  for (let news = await hers.next(); news["t"] !== "server_removed"; news = await hers.next()) t.not(news["t"], "ping");
  t.like(await his.next(), { t: "server", server: { id } });
  t.is((await mia.client.get(`/api/v1/servers/${id}`)).status, 404);
  t.deepEqual((await mia.client.get("/api/v1/me/favourites")).body, { items: [] });
  t.is((await tom.client.get(`/api/v1/servers/${id}`)).status, 200);
  await tom.client.request("PATCH", `/api/v1/servers/${id}`, { name: "his" });
  s.context.bus.publish("live", { ownerId: mia.teamId, message: { t: "server_removed", id: "last" } });
  t.is((await hers.next())["id"], "last", "nothing of it came after it was gone");
});

test("nobody tries address after address to learn who has an account", async (t) => {
  const s = await scene(t, {}, { overrides: { limits: { login: { points: 3, seconds: 60 } } } });
  const { id } = (await s.client.post<Server>("/api/v1/servers", { name: "hers", game: "tiny" })).body;
  const give = () => s.client.post<Problem>(`/api/v1/servers/${id}/transfer`, { email: "no@example.org" });
  for (let i = 0; i < 3; i++) t.is((await give()).status, 422);
  t.like(await give(), { status: 429, body: { code: "rate_limited" } });
});

test("a log that the former owner follows ends with the transfer", async (t) => {
  const s = await scene(t);
  const mia = await person(s, "mia@example.org");
  const { id } = (await mia.client.post<Server>("/api/v1/servers", { name: "hers", game: "tiny" })).body;
  const url = `${s.context.localUrl}/api/v1/servers/${id}/logs?follow=true`;
  const answering = fetch(url, { headers: { authorization: `Bearer ${mia.token}` } });
  for (let call = await s.agent.next("call"); ; call = await s.agent.next("call")) {
    if (call.call.op !== "logs") continue;
    s.agent.send({ t: "chunk", id: call.id, data: "line\n" });
    break;
  }
  const reader = (await answering).body!.getReader();
  t.is(new TextDecoder().decode((await reader.read()).value), "line\n");
  await s.client.post(`/api/v1/servers/${id}/transfer`, { email: "admin@example.org" });
  await t.throwsAsync(async () => {
    while (!(await reader.read()).done);
    throw new Error("it ended in order");
  });
});

test("resources are the server's own within what its template needs and its node has", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  const gib = 1024 ** 3;
  const { body } = await patch(s, id, { cpu: 2, memoryBytes: gib });
  t.like(body, { cpu: 2, memoryBytes: gib });
  const wrong = await patch<Problem>(s, id, { cpu: 5, memoryBytes: 1024 });
  t.is(wrong.status, 422);
  t.deepEqual(wrong.body.faults, [
    { pointer: "/cpu", detail: "must be at most 4, which is what its node has" },
    { pointer: "/memoryBytes", detail: "must be at least 64 MB, which is what Tiny needs" },
  ]);
  const version = await s.context.db("game_versions").first<{ body: string }>("body");
  const larger = version.body.replace('"memory":67108864', '"memory":134217728');
  t.not(larger, version.body);
  await s.context.db("game_versions").update({ body: larger });
  t.is((await patch(s, id, { memoryBytes: 100 * 1024 ** 2 })).status, 422, "what it runs as counts");
  await s.context.db("game_versions").update({ body: version.body });
  t.like((await patch(s, id, { cpu: null, memoryBytes: null })).body, { cpu: 1, memoryBytes: 64 * 1024 ** 2 });
});

test("what a running game does not have yet is named until the node says that it has it", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }, { fresh: true }));
  const { body } = await patch(s, id, { variables: { MAX: 4 }, memoryBytes: 1024 ** 3 });
  t.deepEqual(body.pending, ["/variables/MAX", "/memoryBytes"]);
  await s.agent.report(statusOf({ id, gen: 2 }, { fresh: false }));
  t.deepEqual((await readServer(s, id)).pending, ["/variables/MAX", "/memoryBytes"]);
  t.deepEqual((await patch(s, id, { variables: { MAX: 8 } })).body.pending, ["/memoryBytes"]);
  await s.agent.report(statusOf({ id, gen: 3 }, { state: "hibernated", tier: "held", fresh: null }));
  t.deepEqual((await readServer(s, id)).pending, []);
});

test("of an agent that does not say what runs, nothing is guessed", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await s.agent.report(statusOf({ id, gen: 1 }));
  t.deepEqual((await patch(s, id, { variables: { MAX: 4 } })).body.pending, []);
});

test("a changed template reaches a server by an update alone, not by a restart nor a change of its variables", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s);
  await newImage(s);
  t.like((await readServer(s, id)).update, { available: true, changes: ["/image"], phase: null });
  await s.agent.next("desired");
  await s.client.post(`/api/v1/servers/${id}/restart`);
  t.like((await s.agent.next("desired")).upsert[0]?.spec.image, { ref: "example/tiny:1" });
  await patch(s, id, { variables: { MAX: 4 } });
  const { spec, update } = (await s.agent.next("desired")).upsert[0]!;
  t.like(spec, { image: { ref: "example/tiny:1" }, env: { MAX: "4" } });
  t.is(update, undefined);
});

test("an update is sent beside what runs, follows changes meanwhile, and counts once the node has taken it", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s);
  await newImage(s);
  await s.agent.next("desired");
  const asked = await s.client.post<Server>(`/api/v1/servers/${id}/update`);
  t.is(asked.status, 202);
  t.is(asked.body.update?.phase, "preparing");
  t.is((await s.agent.next("desired")).upsert[0]?.update?.gen, 2);
  await patch(s, id, { variables: { MAX: 4 } });
  const { spec, update } = (await s.agent.next("desired")).upsert[0]!;
  t.like(spec, { image: { ref: "example/tiny:1" }, env: { MAX: "4" } });
  t.like(update, { gen: 2, spec: { image: { ref: "example/tiny:2" }, env: { MAX: "4" } } });
  await s.agent.report(statusOf({ id, gen: 3 }, { update: { gen: 2, phase: "waiting" }, fresh: true }));
  t.is((await readServer(s, id)).update?.phase, "waiting");
  await s.agent.report(statusOf({ id, gen: 3 }, { update: { gen: 2, phase: "done" }, fresh: true }));
  t.like(await readServer(s, id), { update: null, pending: [] });
  const after = (await s.agent.next("desired")).upsert[0]!;
  t.like(after, { gen: 4, spec: { image: { ref: "example/tiny:2" } } });
  t.is(after.update, undefined);
});

test("an update that was taken back says why until it is dismissed; one that is under way is not called off", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s);
  await newImage(s);
  const path = `/api/v1/servers/${id}/update`;
  await s.client.post(path);
  await s.agent.report(statusOf({ id, gen: 2 }, { update: { gen: 2, phase: "updating" } }));
  t.is((await s.client.request("DELETE", path)).status, 409);
  t.is((await s.client.post(path)).status, 409, "nor begun anew");
  const error = { code: "start_timeout", message: "It did not answer." } as const;
  await s.agent.report(statusOf({ id, gen: 2 }, { update: { gen: 2, phase: "failed", error } }));
  t.like((await readServer(s, id)).update, { available: true, phase: null, error });
  await s.client.request("DELETE", path);
  t.like((await readServer(s, id)).update, { available: true, error: null });
  await s.client.post(path);
  t.is((await s.client.request<Server>("DELETE", path)).body.update?.phase, null);
});

test("all servers of a game are updated at once; those that are up to date are left alone", async (t) => {
  const s = await scene(t, knowing);
  const first = await createServer(s);
  await newImage(s);
  const second = await createServer(s);
  const answer = await s.client.post("/api/v1/games/tiny/update-servers");
  t.deepEqual([answer.status, answer.body], [202, { updating: [first.id], refused: [] }]);
  t.is((await readServer(s, second.id)).update, null);
  t.is((await s.client.post(`/api/v1/servers/${second.id}/update`)).status, 409);
});

test("an agent that does not know updates is not sent any", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s);
  await newImage(s);
  const refused = await s.client.post<Problem>(`/api/v1/servers/${id}/update`);
  t.is(refused.status, 409);
  t.regex(refused.body.detail, /agent of one's node is too old/);
});

test("a template with other ports cannot be taken by a server that has the old ones", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s);
  await rewriteTiny(s, "variables:", "  extra: { protocol: udp, container: 4001, public: auto }\nvariables:");
  t.is((await readServer(s, id)).update, null);
  t.regex((await s.client.post<Problem>(`/api/v1/servers/${id}/update`)).body.detail, /has other ports now/);
});
