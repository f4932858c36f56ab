import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import test, { type ExecutionContext } from "ava";
import { z } from "zod";
import { harness } from "../../testing/harness.ts";
import { operation } from "./operation.ts";
import type { Problem } from "./problem.ts";

const echo = operation({
  name: "echo",
  method: "post",
  path: "/api/v1/echo",
  tag: "tests",
  summary: "Says what it was told",
  auth: "public",
  body: z.strictObject({ word: z.string(), deep: z.strictObject({ "a/b~c": z.number().int() }).optional() }),
  answer: { status: 200, schema: z.strictObject({ word: z.string() }) },
  handle: async (_context, { body }) => ({ word: body.word }),
});

const start = (t: ExecutionContext) => harness(t, { overrides: { operations: [echo] } });

test("a body that fits is read", async (t) => {
  const { client } = await start(t);
  const { status, body } = await client.post("/api/v1/echo", { word: "hé" });
  t.is(status, 200);
  t.deepEqual(body, { word: "hé" });
});

test("every fault is told at once, each at its JSON pointer", async (t) => {
  const { client } = await start(t);
  const { status, body } = await client.post<{ code: string; faults: { pointer: string }[] }>("/api/v1/echo?x=1", {
    word: 7,
    deep: { "a/b~c": 1.5 },
    "un/known": true,
  });
  t.is(status, 422);
  t.is(body.code, "invalid_request");
  t.deepEqual(body.faults.map((fault) => fault.pointer).sort(), ["/deep/a~1b~0c", "/query/x", "/un~1known", "/word"]);
});

test("constructor and __proto__ are unknown fields like any other", async (t) => {
  const { client } = await start(t);
  for (const key of ["constructor", "toString", "__proto__"]) {
    const { status, body } = await client.post<Problem>("/api/v1/echo", `{"word":"x","${key}":{"polluted":1}}`);
    t.is(status, 422, key);
    t.true(body.detail.includes(key), body.detail);
  }
  t.is(({} as { polluted?: number }).polluted, undefined);
});

test("what is not JSON is malformed, what says it is not JSON is the wrong type", async (t) => {
  const { client } = await start(t);
  for (const text of ["{", '{"word":}', "word", "\u0000", '{"word":"x"', "[".repeat(60_000)]) {
    const { status, body } = await client.post("/api/v1/echo", text);
    t.is(status, 400, text.slice(0, 20));
    t.is(body.code, "malformed_body");
  }
  const types = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""];
  // A patch format whose meaning we do not follow must not be taken for a plain body, and still less for none.
  const dialects = ["application/merge-patch+json", "application/json-patch+json", "application/jsonx"];
  for (const type of [...types, ...dialects]) {
    const { status, body } = await client.post("/api/v1/echo", '{"word":"x"}', { "content-type": type });
    t.is(status, 415, type);
    t.is(body.code, "unsupported_media_type");
  }
  const packed = await client.post("/api/v1/echo", '{"word":"x"}', { "content-encoding": "gzip" });
  t.is(packed.status, 415);
});

test("JSON is read whatever is said of its character set in the type's parameters", async (t) => {
  const { client } = await start(t);
  for (const type of [
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/json;x",
    "application/json ;",
  ]) {
    const { status, body } = await client.post("/api/v1/echo", '{"word":"x"}', { "content-type": type });
    t.is(status, 200, type);
    t.deepEqual(body, { word: "x" });
  }
});

test("who is not signed in sends 64 KiB of JSON at most, others 1 MiB", async (t) => {
  const own = operation({ ...echo, name: "own", path: "/api/v1/own", auth: "user", permission: "servers:create" });
  const { client } = await harness(t, { overrides: { operations: [echo, own] } });
  for (const [path, kib] of [
    ["/api/v1/echo", 64],
    ["/api/v1/own", 1024],
  ] as const) {
    const body = (bytes: number): string => `{"word":"${"x".repeat(bytes - 11)}"}`;
    t.is((await client.post(path, body(kib * 1024))).status, 200, path);
    const refused = await client.post<Problem>(path, body(kib * 1024 + 1));
    t.is(refused.status, 413, path);
    t.regex(refused.body.detail, new RegExp(`larger than ${kib} KiB`));
  }
  const chunks = await sendChunks(`${client.url}/api/v1/echo`, 1);
  t.is(chunks.status, 413, "without a length");
});

test("a body with a length of more than 1 MiB is refused by its length, and the answer arrives", async (t) => {
  const { client } = await start(t);
  for (let i = 0; i < 5; i++) {
    const { status, body } = await client.post("/api/v1/echo", `{"word":"${"x".repeat(100 * 1024 * 1024)}"}`);
    t.is(status, 413);
    t.is(body.code, "body_too_large");
  }
  t.is((await client.get("/livez")).status, 200);
});

test("100 MB without a length are refused after the first, and most of them never leave the client", async (t) => {
  const { client } = await start(t);
  const sent = await sendChunks(`${client.url}/api/v1/echo`, 100);
  t.is(sent.status, 413);
  t.true(sent.megabytes < 50, `${sent.megabytes} MB were taken`);
});

/** Writes 1 MiB chunks until the answer is there. Answers its status and how much was written by then. */
function sendChunks(url: string, chunks: number): Promise<{ status: number; megabytes: number }> {
  return new Promise((resolve, reject) => {
    let megabytes = 0;
    const request = httpRequest(url, { method: "POST", headers: { "content-type": "application/json" } });
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const write = (): void => {
      if (megabytes >= chunks || request.destroyed) return;
      megabytes++;
      request.write(chunk, write);
    };
    request.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, megabytes }));
    });
    request.on("error", reject);
    write();
  });
}

test("a client that asks first is refused before it sends", async (t) => {
  const { client } = await start(t);
  const { hostname, port } = new URL(client.url);
  const socket = connect({ host: hostname, port: Number(port) });
  t.teardown(() => socket.destroy());
  const head = [
    "POST /api/v1/echo HTTP/1.1",
    `Host: ${hostname}`,
    "Content-Type: application/json",
    "Expect: 100-continue",
  ];
  socket.write(`${[...head, "Content-Length: 104857600"].join("\r\n")}\r\n\r\n`);
  const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
  t.regex(answer, /^HTTP\/1\.1 413 /);
});

test("an operation without a body takes none, but an empty object is nothing", async (t) => {
  const { client } = await harness(t);
  t.is((await client.post("/api/v1/auth/logout", { all: true })).status, 422);
  t.is((await client.post("/api/v1/auth/logout", [])).status, 422);
  t.is((await client.post("/api/v1/auth/logout", {})).status, 204);
});
