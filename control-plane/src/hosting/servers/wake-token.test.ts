import type { Server } from "@playspawn/shared";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import { transaction } from "../../platform/db/db.ts";
import type { Problem } from "../../platform/http/problem.ts";
import { insertUser } from "../../people/users/store.ts";
import { type Client, createClient } from "../../testing/client.ts";
import { createServer, readServer, scene, type Scene } from "../../testing/hosting.ts";
import { statusOf } from "../../testing/scripted-agent.ts";

const webhook = "/api/v1/webhook/wake";

async function make({ client }: Pick<Scene, "client">, id: string): Promise<string> {
  const answer = await client.post<{ token: string }>(`/api/v1/servers/${id}/wake-token`);
  if (answer.status !== 201) throw new Error(`the token answered ${answer.status}`);
  return answer.body.token;
}

/** A server that sleeps, with its first kick handled. */
async function sleeper(house: Scene) {
  const { id } = await createServer(house);
  await house.agent.next("desired");
  await house.agent.report(statusOf({ id, gen: 1 }, { state: "hibernated", tier: "held", kick: 1 }));
  return { id, token: await make(house, id) };
}

async function somebody({ context }: Scene): Promise<Client> {
  const person = { email: "user@example.org", role: "user", passwordHash: null } as const;
  const user = await transaction(context.db, (tx) => insertUser(tx, context.ports, person));
  const { token } = await context.sessions.open(context.db, user, "password");
  return createClient(context.localUrl, token);
}

test("the token comes with the address that others reach", async (t) => {
  const house = await scene(t);
  const { id } = await createServer(house);
  const { body } = await house.client.post(`/api/v1/servers/${id}/wake-token`);
  t.like(body, { controlUrl: house.context.publicUrl.origin });
});

test("whoever knows the token wakes the server, and its history says that it was the webhook", async (t) => {
  const house = await scene(t);
  const { id, token } = await sleeper(house);
  const answer = await house.stranger.post(webhook, { server_id: id, token });
  t.is(answer.status, 202);
  t.deepEqual(Object.keys(answer.body).toSorted(), ["server_id", "status"]);
  const desired = await house.agent.next("desired");
  t.is(desired.upsert[0]?.kick?.kind, "wake");
  const events = await house.client.get<{ items: Record<string, unknown>[] }>(`/api/v1/servers/${id}/events`);
  const [first, second] = events.body.items;
  t.deepEqual([first?.["kind"], first?.["cause"], first?.["data"]], ["wake_requested", { kind: "webhook" }, {}]);
  t.is(second?.["kind"], "wake_token_made");
});

test("a server that is awake is left alone", async (t) => {
  const house = await scene(t);
  const { id, token } = await sleeper(house);
  await house.agent.report(statusOf({ id, gen: 1 }, { state: "ready", kick: 1 }));
  const { updatedAt } = await readServer(house, id);
  const answer = await house.stranger.post<{ status: string }>("/api/webhook/wake", { server_id: id, token });
  t.deepEqual([answer.status, answer.body.status], [202, "Running"]);
  t.is((await readServer(house, id)).updatedAt, updatedAt);
});

test("a new token ends the old one, and an ended one wakes nothing", async (t) => {
  const house = await scene(t);
  const { id, token: old } = await sleeper(house);
  const token = await make(house, id);
  t.is((await house.stranger.post(webhook, { server_id: id, token: old })).status, 401);
  t.is((await house.stranger.post(webhook, { server_id: id, token })).status, 202);
  for (let time = 1; time <= 2; time++)
    t.is((await house.client.request("DELETE", `/api/v1/servers/${id}/wake-token`)).status, 204);
  t.is((await house.stranger.post(webhook, { server_id: id, token })).status, 401);
  const kept = await house.context.db("wake_tokens").select();
  t.is(kept.length, 0);
});

test("a server says since when it has a wake token, also after more events than anybody reads", async (t) => {
  const house = await scene(t);
  const { id } = await createServer(house);
  const first = await readServer(house, id);
  t.is(first.wakeTokenAt, null);
  const { body } = await house.client.post<{ createdAt: number }>(`/api/v1/servers/${id}/wake-token`);
  const second = await readServer(house, id);
  t.is(second.wakeTokenAt, body.createdAt);
  t.true(second.version > first.version);
  await house.client.request("DELETE", `/api/v1/servers/${id}/wake-token`);
  const third = await readServer(house, id);
  t.is(third.wakeTokenAt, null);
  t.true(third.version > second.version);
});

test("a server that is given away wakes no longer for those who knew its token", async (t) => {
  const house = await scene(t);
  const { id, token } = await sleeper(house);
  await somebody(house);
  const given = await house.client.post(`/api/v1/servers/${id}/transfer`, { email: "user@example.org" });
  t.is(given.status, 200);
  t.is((given.body as Server).wakeTokenAt, null);
  t.is((await house.stranger.post(webhook, { server_id: id, token })).status, 401);
});

test("the token is kept as a hash, and only the server's owner makes or ends it", async (t) => {
  const house = await scene(t);
  const { id, token } = await sleeper(house);
  const rows = await house.context.db("wake_tokens").select();
  t.is(rows.length, 1);
  t.false(JSON.stringify(rows).includes(token));
  const other = await somebody(house);
  for (const method of ["POST", "DELETE"])
    t.is((await other.request(method, `/api/v1/servers/${id}/wake-token`)).status, 404, method);
  t.is((await house.stranger.post(webhook, { server_id: id, token })).status, 202);
});

test("a wrong token and a server that is not there are answered alike, in words and in time", async (t) => {
  const house = await scene(t, {}, { overrides: { limits: { webhook: { points: 1000, seconds: 60 } } } });
  const { id } = await sleeper(house);
  const bare = (await createServer(house)).id;
  const wrong = "0".repeat(64);
  const ids = [id, bare, "srv_00000000000000000000000000", "x", "__proto__", "' OR 1=1 --"];
  // The quickest of many, taken in turn: what else the machine does makes some slower and none quicker.
  const quickest = new Map(ids.map((each) => [each, Infinity]));
  const answers = new Set<string>();
  for (let round = 0; round < 15; round++)
    for (const server_id of ids) {
      const began = systemClock.mono();
      const { status, body } = await house.stranger.post<Problem>(webhook, { server_id, token: wrong });
      quickest.set(server_id, Math.min(quickest.get(server_id)!, systemClock.mono() - began));
      answers.add(JSON.stringify([status, { ...body, instance: "" }]));
    }
  t.is(answers.size, 1, [...answers].join("\n"));
  t.regex([...answers][0]!, /401.*wake_token_invalid/);
  const times = [...quickest.values()];
  t.true(Math.max(...times) < 3 * Math.min(...times) + 5, times.join(" "));
});

test("one source may try so often and one server be woken so often; tries of strangers lock nobody out", async (t) => {
  const few = await scene(t, {}, { overrides: { limits: { webhook: { points: 3, seconds: 60 } } } });
  for (let n = 0; n < 3; n++) t.is((await few.stranger.post(webhook, { server_id: `s${n}`, token: "x" })).status, 401);
  const { status, headers } = await few.stranger.post(webhook, { server_id: "s4", token: "x" });
  t.is(status, 429);
  t.truthy(headers.get("retry-after"));

  const house = await scene(t);
  const { id, token } = await sleeper(house);
  for (let n = 0; n < 30; n++)
    t.is((await house.stranger.post(webhook, { server_id: id, token: "guess" })).status, 401);
  for (let n = 0; n < 20; n++) t.is((await house.stranger.post(webhook, { server_id: id, token })).status, 202);
  t.is((await house.stranger.post(webhook, { server_id: id, token })).status, 429);
});

test("a page of another site cannot use the webhook, and bad bodies are told", async (t) => {
  const { stranger } = await scene(t);
  const foreign = await stranger.post<Problem>(webhook, { server_id: "s", token: "x" }, { origin: "http://evil.com" });
  t.is(foreign.body.code, "cross_site");
  const bad = await stranger.post<Problem>(webhook, { server: "s" });
  t.deepEqual(bad.body.faults?.map(({ pointer }) => pointer).toSorted(), ["/server", "/server_id", "/token"]);
});

test("players are what the node last said, and nothing when nobody can know", async (t) => {
  const house = await scene(t);
  const { id } = await sleeper(house);
  const path = `/api/servers/${id}/players`;
  const nothing = { online: null, max: null, names: null, asOf: null };
  t.deepEqual((await house.client.get(path)).body, nothing);
  const players = { online: 1, max: 8, names: ["ada"] };
  await house.agent.report(statusOf({ id, gen: 1 }, { state: "ready", kick: 1, players }));
  const { asOf, ...told } = (await house.client.get<{ asOf: number }>(path)).body;
  t.deepEqual(told, players as unknown as typeof told);
  t.true(asOf > 1_700_000_000_000);
  await house.agent.report(statusOf({ id, gen: 1 }, { state: "ready", kick: 1, players: { online: 0, max: 8 } }));
  t.like((await house.client.get(path)).body, { online: 0, max: 8, names: null });
  await house.agent.report(statusOf({ id, gen: 1 }, { state: "hibernated", tier: "held", kick: 1, players }));
  t.deepEqual((await house.client.get(path)).body, nothing);
  t.is((await (await somebody(house)).get(path)).status, 404);
});
