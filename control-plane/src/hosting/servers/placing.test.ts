import type { Server } from "@playspawn/shared";
import test, { type ExecutionContext } from "ava";
import type { Harness } from "../../testing/harness.ts";
import type { Problem } from "../../platform/http/problem.ts";
import { createServer, hostingHarness, rewriteTiny } from "../../testing/hosting.ts";
import { connectAgent, helloOf, joinNode, type AgentScript, type NodeKey } from "../../testing/scripted-agent.ts";

interface Machine {
  arch?: string;
  ports?: { from: number; to: number };
  taken?: AgentScript["taken"];
}

/** Joins and connects a node that is such a machine. */
async function machine(t: ExecutionContext, base: Harness, name: string, { arch, ports, taken }: Machine) {
  const key = await joinNode(base.client, name);
  const { capacity } = helloOf();
  const hello = {
    machine: name,
    capacity: { ...capacity, ...(ports && { ports }) },
    capabilities: { version: "0.2.0", update: true, ...(arch && { arch }) },
  };
  await connectAgent(t, base.context.localUrl, key, { hello, ...(taken && { taken }) });
  return key;
}

const nodeOf = ({ node }: Server): string => node.id;
const create = (base: Harness, ports: object = {}) =>
  base.client.post<Problem>("/api/v1/servers", { name: "one", game: "tiny", ports });
const createOn = (base: Harness, node: string) =>
  base.client.post<Problem & Server>("/api/v1/servers", { name: "one", game: "tiny", node });
const onlyFor = (base: Harness, arch: string): Promise<void> => rewriteTiny(base, "ports:", `arch: [${arch}]\nports:`);

test("a game goes to a machine that it runs on, however empty another is", async (t) => {
  const base = await hostingHarness(t);
  await onlyFor(base, "amd64");
  await machine(t, base, "small", { arch: "arm64" });
  const none = await create(base);
  t.deepEqual([none.status, none.body.code], [503, "no_node"]);
  t.is(none.body.detail, "Tiny runs on amd64 only, and no connected node is such a machine. Join one, then try again.");
  const big = await machine(t, base, "big", { arch: "amd64" });
  for (let i = 0; i < 2; i++) t.is(nodeOf(await createServer(base)), big.nodeId);
});

test("a node may be chosen, and is held to what holds for all", async (t) => {
  const base = await hostingHarness(t);
  const first = await machine(t, base, "first", { arch: "amd64" });
  await machine(t, base, "second", { arch: "amd64" });
  for (let i = 0; i < 2; i++) t.is(nodeOf((await createOn(base, first.nodeId)).body), first.nodeId);
  const gone = await createOn(base, "node_nowhere");
  t.deepEqual([gone.status, gone.body.code], [503, "no_node"]);
  t.regex(gone.body.detail, /node_nowhere is not connected/);
  await onlyFor(base, "arm64");
  t.is((await createOn(base, first.nodeId)).body.code, "no_node");
});

test("of a node that does not say what machine it is, the best is assumed", async (t) => {
  const base = await hostingHarness(t);
  await onlyFor(base, "amd64");
  const old = await machine(t, base, "old", {});
  t.is(nodeOf(await createServer(base)), old.nodeId);
});

test("an update that its node's machine cannot run is refused", async (t) => {
  const base = await hostingHarness(t);
  await machine(t, base, "small", { arch: "arm64" });
  const { id } = await createServer(base);
  await onlyFor(base, "amd64");
  await rewriteTiny(base, "example/tiny:1", "example/tiny:2");
  const refused = await base.client.post<Problem>(`/api/v1/servers/${id}/update`);
  t.is(refused.status, 409);
  t.is(refused.body.detail, "Tiny runs on amd64 only now, and one's node is arm64; make a new server elsewhere.");
});

/** Two nodes with ranges of their own. The first is the emptiest. */
async function twoRanges(t: ExecutionContext, base: Harness): Promise<NodeKey> {
  const taken: Machine["taken"] = (ports) =>
    ports.filter(({ port }) => port === 30_022).map((port) => ({ ...port, by: "sshd" }));
  const key = await machine(t, base, "b", { ports: { from: 30_000, to: 30_999 }, taken });
  await createServer(base);
  await machine(t, base, "a", { ports: { from: 20_000, to: 20_999 } });
  return key;
}

test("an explicit port is given by the node in whose range it is", async (t) => {
  const base = await hostingHarness(t);
  const { nodeId } = await twoRanges(t, base);
  t.is(nodeOf(await createServer(base, { ports: { game: 30_100 } })), nodeId);
});

test("a port that no node gives is refused with what says most about it", async (t) => {
  const base = await hostingHarness(t);
  await twoRanges(t, base);
  const taken = await create(base, { game: 30_022 });
  t.deepEqual([taken.status, taken.body.code], [409, "port_taken"]);
  await createServer(base);
  await createServer(base);
  t.is((await create(base, { game: 30_022 })).body.code, "port_taken", "whichever is asked last");
  const outside = await create(base, { game: 80 });
  t.deepEqual([outside.status, outside.body.code], [422, "invalid_request"]);
  const wrong = await create(base, { nope: 30_100 });
  t.regex(wrong.body.detail, /\/ports\/nope is no public port of Tiny/);
});
