/** A node that is driven: the protocol over polls, and one master at a time. */
import test, { type ExecutionContext } from "ava";
import { ControlFrame, type AgentFrame } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { desired } from "../servers/testing/fakes.ts";
import { secret, startNode, type Answer, type Node } from "./testing/node.ts";

const id = (prefix: string, n: number): string => `${prefix}_${String(n).padStart(26, "0")}`;
const server = id("srv", 1);

interface Driver {
  /** Opening again. */
  session: string;
  frame<T extends AgentFrame["t"]>(
    t: T,
    fits?: (frame: Extract<AgentFrame, { t: T }>) => boolean,
  ): Promise<Extract<AgentFrame, { t: T }>>;
  tell(...frames: object[]): Promise<Answer<unknown>>;
  poll(): Promise<Answer<string>>;
}

const open = (node: Node, n = 1, run = 1): Promise<Answer<{ session: string; detail: string }>> =>
  node.call("POST", "/sessions", { controller: id("inst", n), run: id("run", run) });

async function drive(t: ExecutionContext, node: Node, run = 1): Promise<Driver> {
  const opened = await open(node, 1, run);
  t.is(opened.status, 201, opened.body.detail);
  const { session } = opened.body;
  const seen: AgentFrame[] = [];
  const poll = (): Promise<Answer<string>> => node.call<string>("GET", `/sessions/${session}/frames`);
  return {
    session,
    poll,
    async frame(kind, fits = () => true) {
      for (;;) {
        const found = seen.findIndex((frame) => frame.t === kind && fits(frame as never));
        if (found >= 0) return seen.splice(found, 1)[0] as never;
        const { status, body } = await poll();
        if (status !== 200) throw new Error(`the poll answered ${status}: ${JSON.stringify(body)}`);
        seen.push(
          ...body
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line) as AgentFrame),
        );
      }
    },
    tell: (...frames) => tell(node, session, frames),
  };
}

async function tell(node: Node, session: string, frames: object[]): Promise<Answer<unknown>> {
  const answer = await fetch(`${node.url}/sessions/${session}/frames`, {
    method: "POST",
    headers: { "x-node-secret": secret, "content-type": "application/x-ndjson" },
    body: frames.map((frame) => JSON.stringify(frame)).join("\n"),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.text() };
}

const welcome = (epoch: number, snapshot: object[] = [], rev = 1, adopt = false): ControlFrame =>
  ControlFrame.parse({
    t: "welcome",
    v: 1,
    epoch,
    rev,
    snapshot,
    session: { heartbeatMs: 60_000 },
    ack: 0,
    adopt,
  });

test("hello, welcome, desired, statuses, events with their acknowledgement, calls", async (t) => {
  const node = await startNode(t);
  const driver = await drive(t, node);
  t.like(await driver.frame("hello"), { appliedRev: 0, report: [], machine: "engine/machine" });
  const record = desired(server, { kick: { gen: 1, kind: "wake" } });
  t.is((await driver.tell(welcome(7, [record]))).status, 204);
  await driver.frame("status", ({ epoch, items }) => epoch === 7 && items.some(({ state }) => state === "ready"));
  const { items, log } = await driver.frame("events");
  const last = items.at(-1)!.n;
  await driver.tell({ t: "ack", epoch: 7, events: last });
  await driver.tell({ t: "call", epoch: 7, id: 1, call: { op: "stats", server }, credit: 1000 });
  t.like(await driver.frame("reply"), { id: 1, result: { status: "ready" } });
  await driver.tell({ t: "call", epoch: 7, id: 2, call: { op: "dance" }, credit: 1000 });
  t.like(await driver.frame("reply"), { id: 2, error: { code: "not_ready" } });
  const sleep = { ...record, gen: 2, kick: { gen: 2, kind: "hibernate" } };
  await driver.tell({ t: "desired", epoch: 7, prev: 1, rev: 2, upsert: [sleep], remove: [] });
  await driver.frame("status", ({ items: [item] }) => item?.state === "hibernated" && item.kick === 2);
  t.true(log.startsWith("log_"));
});

test("after a restart of the agent the same control plane goes on where it was, and what changed meanwhile happens", async (t) => {
  const node = await startNode(t);
  const driver = await drive(t, node);
  await driver.tell(welcome(1, [desired(server, { kick: { gen: 1, kind: "wake" } })], 5));
  await driver.frame("status", ({ items }) => items.some(({ state }) => state === "ready"));
  await node.stop();
  const next = await startNode(t, { left: node });
  t.is((await open(next, 2)).status, 409, "it remembers who drives it");
  const again = await drive(t, next);
  const hello = await again.frame("hello");
  t.is(hello.appliedRev, 5);
  await again.tell(welcome(2, [desired(server, { gen: 2, want: "stopped" })], 6));
  await again.frame("status", ({ items }) => items.some(({ state }) => state === "stopped"));
});

test("two control planes never drive one node, nor two processes of one; who polls holds it", async (t) => {
  const node = await startNode(t);
  const driver = await drive(t, node);
  await driver.frame("hello");
  const other = await open(node, 2);
  t.is(other.status, 409);
  t.regex(other.body.detail, new RegExp(`${id("inst", 1)} drives this node`));
  t.is((await open(node, 1, 2)).status, 409, "another process while the first one is there");
  t.is(
    (await node.call("POST", "/deploy", { image: "tiny:1", ports: { game: { protocol: "udp", container: 1 } } }))
      .status,
    409,
  );
  t.is((await node.call("DELETE", `/servers/${server}`)).status, 409);
  const leaving = new AbortController();
  const poll = fetch(`${node.url}/sessions/${driver.session}/frames`, {
    headers: { "x-node-secret": secret },
    signal: leaving.signal,
  });
  const second = await driver.poll();
  t.is(second.status, 409, "one poll at a time");
  leaving.abort();
  await t.throwsAsync(poll);
  for (let tries = 0; tries < 500 && (await open(node, 1, 2)).status !== 201; tries++) await systemTimers.sleep(10);
  t.is((await driver.poll()).status, 404, "the first one is out");
});

test("the same process that comes again takes its own place; a revocation gives the node back", async (t) => {
  const node = await startNode(t);
  const first = await drive(t, node);
  const second = await drive(t, node);
  t.is((await first.poll()).status, 404);
  t.is((await node.call("DELETE", `/sessions/${second.session}?code=4010`)).status, 204);
  t.is(node.sessions.controller, null);
  t.is((await open(node, 2)).status, 201);
});

test("a node whose control plane is lost is given back by whoever has its secret", async (t) => {
  const node = await startNode(t);
  const driver = await drive(t, node);
  await driver.frame("hello");
  await driver.tell(welcome(1, [desired(server, { kick: { gen: 1, kind: "wake" } })]));
  await driver.frame("status", ({ items }) => items.some(({ state }) => state === "ready"));
  t.is((await fetch(`${node.url}/controller`, { method: "DELETE" })).status, 401);
  t.is((await open(node, 2)).status, 409);
  t.is((await node.call("DELETE", "/controller")).status, 204);
  t.is((await driver.poll()).status, 404, "who drove it is out");
  t.is(node.registry.get(server)!.status().state, "ready", "its servers run on");
  t.is((await node.call("DELETE", `/servers/${server}`)).status, 200, "and may be deleted here");
  t.is((await open(node, 2)).status, 201);
});

test("a node that was given back while an older database drove it is its own again", async (t) => {
  for (const giveBack of ["/controller", "/sessions/{session}?code=4010"]) {
    const node = await startNode(t);
    const driver = await drive(t, node);
    await driver.tell(welcome(1, [desired(server, { kick: { gen: 1, kind: "wake" } })]));
    await driver.frame("status", ({ items }) => items.some(({ state }) => state === "ready"));
    const { session } = await drive(t, node);
    await tell(node, session, [welcome(2, [], 1, true)]);
    t.is((await node.call("DELETE", giveBack.replace("{session}", session))).status, 204);
    t.is((await node.call("DELETE", `/servers/${server}`)).status, 200);
    const ports = { game: { protocol: "udp", container: 8303 } };
    const readiness = { anyOf: [{ log: "up" }], limitSeconds: 30 };
    t.is((await node.call("POST", "/deploy", { image: "tiny:1", ports, readiness })).status, 201);
  }
});

test("of a deployment and a control plane that come at once, one has the node", async (t) => {
  for (let round = 0; round < 10; round++) {
    const node = await startNode(t);
    const ports = { game: { protocol: "udp", container: 8303 } };
    const body = { image: "tiny:1", ports, readiness: { anyOf: [{ log: "up" }], limitSeconds: 30 } };
    const [deployed, opened] = await Promise.all([node.call("POST", "/deploy", body), open(node)]);
    t.is([deployed.status, opened.status].filter((status) => status === 201).length, 1);
    t.is(node.registry.records().length, deployed.status === 201 ? 1 : 0);
  }
});

test("a node with servers of its own is not taken over", async (t) => {
  const node = await startNode(t);
  const ports = { game: { protocol: "udp", container: 8303 } };
  const readiness = { anyOf: [{ log: "up" }], limitSeconds: 30 };
  t.is((await node.call("POST", "/deploy", { image: "tiny:1", ports, readiness })).status, 201);
  const refused = await open(node);
  t.is(refused.status, 409);
  t.regex(refused.body.detail, /Delete them first/);
});

test("frames that make no sense, or come too late, end the session with the reason", async (t) => {
  const node = await startNode(t);
  const driver = await drive(t, node);
  await driver.frame("hello");
  await driver.tell({ t: "hb", epoch: 1, rev: 1 });
  const over = await driver.poll();
  t.is(over.status, 409);
  t.regex(JSON.stringify(over.body), /\(4000\).*hb came before welcome/);
  t.is((await tell(node, id("ses", 1), [])).status, 404);
});

test("a control plane in wrong hands names no folder of its own: what is no server's id ends the session", async (t) => {
  const node = await startNode(t);
  for (const [epoch, bad] of ["../../../../etc", "/etc", `${server}/../..`, ""].entries()) {
    const driver = await drive(t, node);
    await driver.frame("hello");
    const record = { ...desired(server), id: bad, want: "absent", purge: true };
    const frame = { ...welcome(epoch + 1), snapshot: [record] };
    await driver.tell(frame);
    t.regex(JSON.stringify((await driver.poll()).body), /\(4000\).*must match pattern.*srv_/);
  }
  t.deepEqual(node.registry.records(), []);
});

test("build files are taken when they are what they are said to be", async (t) => {
  const node = await startNode(t);
  const put = (sha256: string, body: string): Promise<Response> =>
    fetch(`${node.url}/contexts/${sha256}`, { method: "PUT", headers: { "x-node-secret": secret }, body });
  const sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
  t.is((await node.call("GET", `/contexts/${sha256}`)).status, 404);
  t.is((await put(sha256, "hullo")).status, 422);
  t.is((await node.call("GET", `/contexts/${sha256}`)).status, 404);
  t.is((await put(sha256, "hello")).status, 204);
  t.is((await node.call("GET", `/contexts/${sha256}`)).status, 204);
});
