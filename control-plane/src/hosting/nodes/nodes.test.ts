import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type Node } from "@playspawn/shared";
import test from "ava";
import type { Problem } from "../../platform/http/problem.ts";
import { connectAgent, joinNode } from "../../testing/scripted-agent.ts";
import { hostingHarness, until } from "../../testing/hosting.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";
import { hashToken } from "../../platform/token.ts";
import { authentication } from "./authentication.ts";
import { nodePublisher } from "./publisher.ts";
import type { JoinToken } from "./schema.ts";
import { createSilence, sessionState } from "./session.ts";

test("a join token joins one machine; used twice, too late or unknown it is refused, each with its sentence", async (t) => {
  const ports = shiftedPorts();
  const s = await hostingHarness(t, { overrides: { ports } });
  const token = async (): Promise<JoinToken> => (await s.client.post<JoinToken>("/api/v1/nodes/join-tokens")).body;
  const join = (text: string) => s.stranger.post<Problem>("/api/v1/nodes/join", { token: text, name: "n" });
  const first = await token();
  t.is(first.controlUrl, s.context.publicUrl.origin, "what nodes are to dial");
  t.is((await join(first.token)).status, 201);
  const again = await join(first.token);
  t.deepEqual([again.status, again.body.code], [401, "join_token_invalid"]);
  t.regex(again.body.detail, /used already/);
  t.regex((await join("nope")).body.detail, /not known/);
  const late = await token();
  t.is(Math.round((late.expiresAt - ports.clock.now()) / 60_000), 15);
  ports.skip(15 * 60_000);
  t.regex((await join(late.token)).body.detail, /15 minutes/);
});

test("a join token that is asked for again with the same key is the same one, and still works once", async (t) => {
  const s = await hostingHarness(t);
  const ask = (key: string) =>
    s.client.post<JoinToken>("/api/v1/nodes/join-tokens", undefined, { "idempotency-key": key });
  const [first, again] = [await ask("k-1"), await ask("k-1")];
  t.is(again.status, 201);
  t.deepEqual(again.body, first.body);
  t.is((await s.context.db("join_tokens")).length, 1);
  t.not((await ask("k-2")).body.token, first.body.token);
  const join = () => s.stranger.post("/api/v1/nodes/join", { token: first.body.token, name: "n" });
  t.deepEqual([(await join()).status, (await join()).status], [201, 401]);
});

test("of many machines with one token, one joins", async (t) => {
  const s = await hostingHarness(t);
  const { token } = (await s.client.post<JoinToken>("/api/v1/nodes/join-tokens")).body;
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => s.stranger.post("/api/v1/nodes/join", { token, name: "n" })),
  );
  t.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, ...Array<number>(9).fill(401)],
  );
});

test("a node shows how it is, and no secret of it is kept or shown", async (t) => {
  const s = await hostingHarness(t);
  const key = await joinNode(s.client, "attic");
  const list = async (): Promise<Node[]> => (await s.client.get<{ items: Node[] }>("/api/v1/nodes")).body.items;
  t.like((await list())[0], { name: "attic", session: "never", address: null, lastSeenAt: null, epoch: 0 });
  await connectAgent(t, s.context.localUrl, key);
  const [node] = await list();
  t.like(node, { session: "connected", address: "192.0.2.10", epoch: 1, version: "0.1.0", quarantined: false });
  const stored = JSON.stringify(await s.context.db("nodes")) + JSON.stringify(await s.context.db("join_tokens"));
  t.false(stored.includes(key.secret));
  t.is((await s.stranger.get("/api/v1/nodes")).status, 401);
});

test("an agent of the next version, which says more when it joins, is let in", async (t) => {
  const s = await hostingHarness(t);
  const { body } = await s.client.post<{ token: string }>("/api/v1/nodes/join-tokens");
  const joined = await s.stranger.post("/api/v1/nodes/join", { token: body.token, name: "n", labels: ["fast"] });
  t.is(joined.status, 201);
});

test("a node that is unknown or revoked cannot be changed", async (t) => {
  const s = await hostingHarness(t);
  const { nodeId } = await joinNode(s.client);
  await s.client.post(`/api/v1/nodes/${nodeId}/revoke`);
  for (const action of ["rotate-secret", "revoke"])
    t.is((await s.client.post(`/api/v1/nodes/${nodeId}/${action}`)).status, 404);
});

test("the local token lies in its file for its owner only, until an agent has connected", async (t) => {
  const s = await hostingHarness(t, { config: { localNode: true, admin: null } });
  const path = join(s.config.dataDir, "run", "join-token");
  t.is((await stat(path)).mode & 0o777, 0o600);
  const token = (await readFile(path, "utf8")).trim();
  const join_ = await s.stranger.post<{ nodeId: string; secret: string; installationId: string }>(
    "/api/v1/nodes/join",
    { token, name: "here" },
  );
  t.is(join_.status, 201, "also before anybody has set the installation up");
  t.is(join_.body.installationId, s.context.installation);
  await connectAgent(t, s.context.localUrl, join_.body);
  await s.context.close();
  const again = await hostingHarness(t, { config: { localNode: true, admin: null, dataDir: s.config.dataDir } });
  await t.throwsAsync(stat(path), { code: "ENOENT" });
  t.truthy(again.context);
});

test("a local agent that joined and lost its secret finds a new token, and the node that never came is gone", async (t) => {
  const ports = shiftedPorts();
  const s = await hostingHarness(t, { config: { localNode: true }, overrides: { ports } });
  const path = join(s.config.dataDir, "run", "join-token");
  const read = async (): Promise<string> => (await readFile(path, "utf8")).trim();
  const first = await read();
  t.is((await s.stranger.post("/api/v1/nodes/join", { token: first, name: "lost" })).status, 201);
  ports.skip(61_000);
  const second = await until("a new token", async () => ((await read()) === first ? undefined : await read()));
  t.is((await s.stranger.post("/api/v1/nodes/join", { token: second, name: "found" })).status, 201);
  const nodes = await s.client.get<{ items: Node[] }>("/api/v1/nodes");
  t.deepEqual(
    nodes.body.items.map(({ name }) => name),
    ["found"],
  );
});

test("a secret that is rotated again while it is used for the first time gives way to the newest", async (t) => {
  const s = await hostingHarness(t);
  const { nodeId, secret } = await joinNode(s.client);
  const rotate = () => s.client.post<{ secret: string }>(`/api/v1/nodes/${nodeId}/rotate-secret`);
  const second = (await rotate()).body.secret;
  const { db, bus, log } = s.context;
  const authenticate = authentication({ db, log, publish: nodePublisher({ db, bus }) });
  // The one connection serves in order: the look at the row, then this change of it, then the first use.
  const use = authenticate(nodeId, second);
  const third = db("nodes").update({ next_secret_hash: hashToken("third") });
  await third;
  await t.throwsAsync(use, { instanceOf: AppError });
  t.deepEqual(await authenticate(nodeId, secret), { nodeId, quarantined: false });
  t.deepEqual(await authenticate(nodeId, "third"), { nodeId, quarantined: false });
  await t.throwsAsync(authenticate(nodeId, secret), { instanceOf: AppError });
});

test("what silence means", (t) => {
  const at = (connected: boolean, silentMs: number) => sessionState({ connected, silentMs });
  t.is(sessionState({ connected: false, silentMs: null }), "never");
  t.deepEqual(
    [at(true, 0), at(true, 29_999), at(true, 30_000), at(true, 60_000)],
    ["connected", "connected", "suspect", "unreachable"],
  );
  t.deepEqual([at(false, 0), at(false, 59_999), at(false, 60_000)], ["suspect", "suspect", "unreachable"]);
});

test("silence is measured by the clock that does not jump; of what a former process heard, at least since our start", (t) => {
  let [wall, mono] = [1_000_000, 0];
  const { heard, silentMs } = createSilence({ now: () => wall, mono: () => mono });
  const node = { id: "node_1", last_seen_at: wall - 7_000 };
  t.is(silentMs(node), 7_000);
  t.is(silentMs({ ...node, last_seen_at: null }), null);
  [wall, mono] = [0, 9_000];
  t.is(silentMs(node), 9_000, "the wall clock went back meanwhile");
  heard("node_1");
  [wall, mono] = [1_000_000_000, 12_000];
  t.is(silentMs(node), 3_000, "the wall clock went forward meanwhile");
});
