import { connect } from "node:net";
import { Readable } from "node:stream";
import { AppError } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { harness, type HarnessOptions } from "../../testing/harness.ts";
import { createLog } from "../log.ts";
import { operation } from "./operation.ts";
import type { Problem } from "./problem.ts";

const path = "/api/v1/stream";

/** An application with one operation that answers these lines, to whoever is signed in. */
function streaming(
  t: ExecutionContext,
  lines: (signal: AbortSignal) => AsyncGenerator<string>,
  overrides: HarnessOptions["overrides"] = {},
) {
  const stream = operation({
    name: "stream",
    method: "get",
    path,
    tag: "tests",
    summary: "Lines",
    auth: "user",
    permission: "session:own",
    answer: { status: 200, raw: "text/plain" },
    handle: async ({ signal }) => ({
      contentType: "text/plain; charset=utf-8",
      body: Readable.from(lines(signal)),
      headers: { "X-Lines": "1" },
    }),
  });
  return harness(t, { overrides: { ...overrides, operations: [stream] } });
}

/** A promise that the test itself resolves. */
function gate<T = void>() {
  let open = (_value: T): void => undefined;
  const passed = new Promise<T>((resolve) => (open = resolve));
  return { passed, open: (value: T): void => open(value) };
}

/** Says "first" and no more; `ended` resolves when nobody reads it any longer. */
function endless() {
  const { passed: ended, open: finish } = gate();
  async function* lines(signal: AbortSignal) {
    try {
      yield "first\n";
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    } finally {
      finish();
    }
  }
  return { lines, ended };
}

test("an answer streams while it is made, and its source ends when the client goes", async (t) => {
  const { lines, ended } = endless();
  const { client } = await streaming(t, lines);
  const going = new AbortController();
  const headers = { authorization: `Bearer ${client.token}` };
  const response = await fetch(client.url + path, { headers, signal: going.signal });
  t.is(response.headers.get("content-type"), "text/plain; charset=utf-8");
  t.is(response.headers.get("x-lines"), "1");
  const { value } = await response.body!.getReader().read();
  t.is(new TextDecoder().decode(value), "first\n");
  going.abort();
  await t.notThrowsAsync(ended);
});

test("a stream that breaks ends the connection instead of looking complete", async (t) => {
  const { client } = await streaming(t, async function* () {
    yield "first\n";
    await systemTimers.sleep(0);
    throw new Error("the node went away");
  });
  await t.throwsAsync(client.get(path));
});

test("a stream that breaks before it says anything is a problem, with nothing of the answer it is not", async (t) => {
  const { client } = await streaming(t, async function* () {
    await systemTimers.sleep(0);
    yield* [];
    throw new AppError("node_unreachable", "The node is gone.");
  });
  const { status, body, headers } = await client.get<Problem>(path);
  t.is(status, 503);
  t.is(body.code, "node_unreachable");
  t.is(headers.get("content-type"), "application/problem+json");
  t.is(headers.get("x-lines"), null);
});

test("a stream that says nothing at all answers after two seconds; one that is empty, at once", async (t) => {
  const { lines } = endless();
  const { client } = await streaming(t, async function* (signal) {
    for await (const line of lines(signal)) if (line !== "first\n") yield line;
  });
  const response = await fetch(client.url + path, { headers: { authorization: `Bearer ${client.token}` } });
  t.is(response.status, 200);
  await response.body!.cancel();
  const empty = await streaming(t, async function* () {});
  t.is((await empty.client.get(path)).status, 200);
});

test("what a session follows ends with the session, however that ends", async (t) => {
  for (const how of ["logged out", "deleted"]) {
    const { lines, ended } = endless();
    const { client, context } = await streaming(t, lines);
    const response = await fetch(client.url + path, { headers: { authorization: `Bearer ${client.token}` } });
    const reader = response.body!.getReader();
    await reader.read();
    if (how === "deleted") await context.db("sessions").delete();
    else await client.post("/api/v1/auth/logout");
    await t.throwsAsync(reader.read(), undefined, how);
    await ended;
  }
});

test("who signs out before the answer began is told so", async (t) => {
  const begun = gate();
  const { client } = await streaming(t, async function* (signal) {
    begun.open();
    await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    yield "never";
  });
  const answer = client.get<Problem>(path);
  await begun.passed;
  await client.post("/api/v1/auth/logout");
  t.like(await answer, { status: 401, body: { code: "unauthenticated" } });
});

test("who asks for the signal after the client left gets one that has aborted", async (t) => {
  const begun = gate();
  const left = gate();
  const asked = gate<AbortSignal>();
  const late = operation({
    name: "late",
    method: "get",
    path,
    tag: "tests",
    summary: "Asks late",
    auth: "public",
    answer: { status: 204, schema: null },
    async handle(context) {
      begun.open();
      await left.passed;
      asked.open(context.signal);
    },
  });
  // The line of a request is written when its connection is over.
  const log = createLog("debug", { write: (line) => (line.includes(path) ? left.open() : undefined) });
  const { stranger } = await harness(t, { overrides: { operations: [late], log } });
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(stranger.url).port) });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await begun.passed;
  socket.destroy();
  t.like((await asked.passed).reason, { code: "request_timeout" });
});

test("clients that go away and refusals in the middle are no errors of ours", async (t) => {
  const lines: string[] = [];
  const log = createLog("debug", { write: (line) => void lines.push(line) });
  const source = endless();
  const { client, context } = await streaming(t, source.lines, { log });
  const going = new AbortController();
  const headers = { authorization: `Bearer ${client.token}` };
  const response = await fetch(client.url + path, { headers, signal: going.signal });
  await response.body!.getReader().read();
  going.abort();
  await source.ended;
  await context.close();
  t.true(lines.some((line) => line.includes("an answer broke off")));
  t.deepEqual(
    lines.filter((line) => line.includes('"level":"error"')),
    [],
  );
});
