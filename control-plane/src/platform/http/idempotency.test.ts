import { newId } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import test, { type ExecutionContext } from "ava";
import { z } from "zod";
import type { Knex } from "knex";
import { admin, harness, temporaryFolder } from "../../testing/harness.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";
import { hashRequest, once, prune, storedAnswer } from "./idempotency.ts";
import { operation } from "./operation.ts";
import type { Problem } from "./problem.ts";

/** Writes a row and answers its number: an effect that can be counted. */
const addRow = operation({
  name: "addRow",
  method: "post",
  path: "/api/v1/rows",
  tag: "tests",
  summary: "Adds a row",
  auth: "user",
  permission: "session:own",
  idempotent: true,
  body: z.strictObject({ word: z.string() }),
  answer: { status: 201, schema: z.strictObject({ id: z.string(), word: z.string() }) },
  handle: (context, { body }) =>
    context.once(async (tx) => {
      if (body.word === "fail") throw new Error("half way");
      const id = newId("evt", systemPorts);
      await tx("meta").insert({ key: `row-${id}`, value: body.word });
      return { id, word: body.word };
    }),
});

const start = (t: ExecutionContext, dataDir?: string) =>
  harness(t, { config: dataDir === undefined ? {} : { dataDir }, overrides: { operations: [addRow] } });

const rows = async (core: Knex): Promise<number> => (await core("meta").where("key", "like", "row-%")).length;
const key = { "idempotency-key": "k-1" };

test("the same key and body have one effect and the same answer", async (t) => {
  const { client, context } = await start(t);
  const first = await client.post("/api/v1/rows", { word: "a" }, key);
  const second = await client.post("/api/v1/rows", { word: "a" }, key);
  t.is(first.status, 201);
  t.is(second.status, 201);
  t.deepEqual(second.body, first.body);
  t.is(await rows(context.db), 1);
});

test("twenty at the same moment have one effect and one answer", async (t) => {
  const { client, context } = await start(t);
  const all = await Promise.all(Array.from({ length: 20 }, () => client.post("/api/v1/rows", { word: "a" }, key)));
  t.deepEqual(new Set(all.map((answer) => answer.status)), new Set([201]));
  t.is(new Set(all.map((answer) => answer.body["id"])).size, 1);
  t.is(await rows(context.db), 1);
});

test("the same key with another body is a mistake", async (t) => {
  const { client, context } = await start(t);
  await client.post("/api/v1/rows", { word: "a" }, key);
  const { status, body } = await client.post<Problem>("/api/v1/rows", { word: "b" }, key);
  t.is(status, 422);
  t.is(body.code, "idempotency_conflict");
  t.is(await rows(context.db), 1);
});

test("without a key every request counts, and keys of two people are two keys", async (t) => {
  const { client, stranger, context } = await harness(t, {
    config: { devLogin: true },
    overrides: { operations: [addRow] },
  });
  await client.post("/api/v1/rows", { word: "a" });
  await client.post("/api/v1/rows", { word: "a" });
  await client.post("/api/v1/rows", { word: "a" }, key);
  const dev = await stranger.post<{ token: string }>("/api/v1/auth/dev-login");
  const other = await stranger.post(
    "/api/v1/rows",
    { word: "b" },
    { ...key, authorization: `Bearer ${dev.body.token}` },
  );
  t.is(other.status, 201);
  t.is(await rows(context.db), 4);
});

test("a try that failed leaves the key free", async (t) => {
  const { client, context } = await start(t);
  t.is((await client.post("/api/v1/rows", { word: "fail" }, key)).status, 500);
  t.is((await client.post("/api/v1/rows", { word: "a" }, key)).status, 201);
  t.is(await rows(context.db), 1);
});

test("a key is remembered over a restart", async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await start(t, dataDir);
  const answer = await first.client.post("/api/v1/rows", { word: "a" }, key);
  await first.context.close();
  const second = await start(t, dataDir);
  const client = await second.stranger.signIn(admin);
  t.deepEqual((await client.post("/api/v1/rows", { word: "a" }, key)).body, answer.body);
  t.is(await rows(second.context.db), 1);
});

test("a key that is no key is refused", async (t) => {
  const { client } = await start(t);
  for (const bad of ["x".repeat(256), "with space", "ümlaut"])
    t.is((await client.post("/api/v1/rows", { word: "a" }, { "idempotency-key": bad })).status, 422, bad);
  t.is((await client.post("/api/v1/rows", { word: "a" }, { "idempotency-key": "x".repeat(255) })).status, 201);
});

test("a handler that forgets to store its answer is found out", async (t) => {
  const forgetful = operation({
    name: "forgetful",
    method: "post",
    path: "/api/v1/forgetful",
    tag: "tests",
    summary: "Forgets",
    auth: "user",
    permission: "session:own",
    idempotent: true,
    answer: { status: 204, schema: null },
    handle: async () => undefined,
  });
  const { client } = await harness(t, { overrides: { operations: [forgetful] } });
  t.is((await client.post("/api/v1/forgetful")).status, 204);
  t.is((await client.post("/api/v1/forgetful", undefined, key)).status, 500);
});

test("keys are forgotten after two days, not before", async (t) => {
  const ports = shiftedPorts();
  const { context } = await harness(t, { overrides: { ports } });
  const request = { actorId: "usr_1", operation: "x", key: "k", requestHash: hashRequest("POST", "/x", "") };
  await once(context.db, ports.clock, request, async () => ({ kept: true }));
  ports.skip(47 * 3600 * 1000);
  await prune(context.db, ports.clock);
  t.deepEqual(await storedAnswer(context.db, request), { answer: { kept: true } });
  ports.skip(2 * 3600 * 1000);
  await prune(context.db, ports.clock);
  t.is(await storedAnswer(context.db, request), undefined);
});
