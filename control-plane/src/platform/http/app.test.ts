import test, { type ExecutionContext } from "ava";
import type { Knex } from "knex";
import { z } from "zod";
import { admin, harness } from "../../testing/harness.ts";
import { rawGet } from "../../testing/raw.ts";
import { isPostgres } from "../db/migration-table.ts";
import { createLog } from "../log.ts";
import { type Operation, operation } from "./operation.ts";
import type { Problem } from "./problem.ts";

const declare = (name: string, handle: () => Promise<void>, more: Partial<Operation> = {}): Operation => ({
  ...operation({
    name,
    method: "get",
    path: `/api/v1/${name}`,
    tag: "tests",
    summary: name,
    auth: "public",
    answer: { status: 204, schema: null },
    handle,
  }),
  ...more,
});

const fails = (error: unknown) =>
  declare("fails", async () => {
    throw error;
  });

const withOperations = (t: ExecutionContext, ...operations: Operation[]) => harness(t, { overrides: { operations } });

test("every answer has its own request id and the headers that tell browsers to trust nothing", async (t) => {
  const { stranger } = await harness(t);
  const answers = [await stranger.get("/livez"), await stranger.get("/api/v1/auth/me"), await stranger.get("/docs")];
  for (const { headers } of answers) {
    t.regex(headers.get("x-request-id") ?? "", /^req_[0-9a-z]{26}$/);
    t.is(headers.get("x-content-type-options"), "nosniff");
    t.is(headers.get("x-frame-options"), "DENY");
    t.is(headers.get("referrer-policy"), "no-referrer");
    t.regex(headers.get("content-security-policy") ?? "", /^default-src 'none';.*frame-ancestors 'none'/);
    t.is(headers.get("access-control-allow-origin"), null);
    t.is(headers.get("strict-transport-security"), null);
  }
  t.is(new Set(answers.map(({ headers }) => headers.get("x-request-id"))).size, 3);
});

test("an error is a problem document that names the request", async (t) => {
  const { stranger } = await harness(t);
  const { status, headers, body } = await stranger.get<Problem>("/api/v1/auth/me");
  t.is(status, 401);
  t.is(headers.get("content-type"), "application/problem+json");
  t.deepEqual(Object.keys(body).sort(), ["code", "detail", "instance", "status", "title", "type"]);
  t.is(body.type, "/errors/unauthenticated");
  t.is(body.instance, headers.get("x-request-id") ?? "");
});

test("what breaks inside is told as internal, without a word of why; the log has it", async (t) => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const { stranger } = await harness(t, { overrides: { operations: [fails(new Error("the secret reason"))], log } });
  const { status, body } = await stranger.get<Problem>("/api/v1/fails");
  t.is(status, 500);
  t.is(body.code, "internal");
  t.false(JSON.stringify(body).includes("secret reason"));
  t.true(lines.some((line) => line.includes("the secret reason") && line.includes(body.instance)));
});

test("a full disk is told by its name, wherever in the causes it stands", async (t) => {
  const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
  const { stranger } = await withOperations(t, fails(new Error("insert failed", { cause: full })));
  const { status, body } = await stranger.get<Problem>("/api/v1/fails");
  t.is(status, 507);
  t.is(body.code, "disk_full");
});

test("an unknown path is not found, another method is refused with those that are taken", async (t) => {
  const { client } = await harness(t);
  const missing = await client.get<Problem>("/api/v1/nope");
  t.is(missing.status, 404);
  t.is(missing.body.code, "not_found");
  const { status, body, headers } = await client.request<Problem>("DELETE", "/api/v1/auth/login");
  t.is(status, 405);
  t.is(body.code, "method_not_allowed");
  t.is(headers.get("allow"), "POST");
  t.is((await client.request("HEAD", "/livez")).status, 200);
});

test("paths that try to climb out reach nothing and tell nothing", async (t) => {
  const { stranger } = await harness(t);
  for (const path of [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/docs/..%2f..%2fpackage.json",
    "/%00",
    "/%",
    "/..\\..\\x",
  ]) {
    const answer = await rawGet(stranger.url, path, "127.0.0.1");
    t.regex(answer, /^HTTP\/1\.1 (400|404) /, path);
    t.notRegex(answer, /root:|node_modules|at .*\.ts/, path);
  }
});

test("a Host that is not ours is refused before anything else", async (t) => {
  const { stranger } = await harness(t);
  for (const host of ["evil.com", "evil.com:x@127.0.0.1", "127.0.0.1 evil"])
    t.regex(await rawGet(stranger.url, "/livez", host), /^HTTP\/1\.1 400 .*"code":"wrong_host"/s, host);
});

test("a form, a text and another site cannot use the cookie", async (t) => {
  const { client, stranger } = await harness(t);
  const cookie = { cookie: `playspawn_session=${client.token}` };
  const logout = (headers: Record<string, string>, body?: string) =>
    stranger.request<Problem>("POST", "/api/v1/auth/logout", body, { ...cookie, ...headers });
  for (const origin of ["http://evil.com", "null"]) {
    const { status, body } = await logout({ origin, "content-type": "text/plain" }, "{}");
    t.is(status, 403);
    t.is(body.code, "cross_site");
  }
  t.is((await logout({ origin: stranger.url, "content-type": "text/plain" }, "{}")).status, 415);
  t.is((await logout({})).status, 403);
  t.is((await logout({ origin: stranger.url })).status, 204);
});

test("another site cannot sign its visitor in", async (t) => {
  const { stranger } = await harness(t);
  const { status } = await stranger.post("/api/v1/auth/login", admin, { origin: "http://evil.com" });
  t.is(status, 403);
});

test("a caller over the limit waits, another does not", async (t) => {
  const limits = { read: { points: 3, seconds: 60 } };
  const { client, stranger } = await harness(t, { overrides: { limits } });
  for (let i = 0; i < 3; i++) t.is((await stranger.get("/livez")).status, 200);
  const { status, body, headers } = await stranger.get<Problem>("/livez");
  t.is(status, 429);
  t.is(body.code, "rate_limited");
  t.true(Number(headers.get("retry-after")) >= 1);
  t.is((await client.get("/api/v1/auth/me")).status, 200);
});

test("an answer that is not what the operation declares is caught", async (t) => {
  const lying = operation({
    name: "lying",
    method: "get",
    path: "/api/v1/lying",
    tag: "tests",
    summary: "Lies",
    auth: "public",
    answer: { status: 200, schema: z.strictObject({ word: z.string() }) },
    handle: async () => ({ word: 7 }) as unknown as { word: string },
  });
  const { stranger } = await withOperations(t, lying);
  t.is((await stranger.get("/api/v1/lying")).status, 500);
});

test("the log of a request holds no token, no password, no query and no cookie", async (t) => {
  const lines: string[] = [];
  const log = createLog("trace", { write: (line) => void lines.push(line) });
  const { client, stranger } = await harness(t, { overrides: { log } });
  await client.get(`/api/v1/auth/me?token=${client.token}`);
  await stranger.get("/api/v1/auth/me", { cookie: `playspawn_session=${client.token}` });
  const text = lines.join("");
  t.regex(text, /"path":"\/api\/v1\/auth\/login"/);
  t.false(text.includes(client.token!));
  t.false(text.includes(admin.password));
});

/** SQLite finds it full itself; a server is made to say so. */
async function fillDisk(db: Knex): Promise<void> {
  if (!isPostgres(db)) {
    const [{ page_count }] = await db.raw("PRAGMA page_count");
    await db.raw(`PRAGMA max_page_count = ${page_count}`);
    return;
  }
  await db.raw(
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$",
  );
  await db.raw("CREATE TRIGGER full_disk BEFORE INSERT ON sessions EXECUTE FUNCTION full_disk()");
}

test("when the disk is full, writing says so by name and reading goes on", async (t) => {
  const { client, context } = await harness(t);
  await fillDisk(context.db);
  const fill = async (): Promise<number> => {
    for (let i = 0; i < 200; i++) {
      const { status, body } = await client.post<Problem>("/api/v1/auth/login", admin);
      if (status !== 200) return body.code === "disk_full" ? status : 0;
    }
    return 0;
  };
  t.is(await fill(), 507);
  t.is((await client.get("/api/v1/auth/me")).status, 200);
  t.is((await client.get("/readyz")).status, 200);
});
