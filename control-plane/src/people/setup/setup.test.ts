import test from "ava";
import type { Problem } from "../../platform/http/problem.ts";
import { createLog } from "../../platform/log.ts";
import { harness, type HarnessOptions, temporaryFolder } from "../../testing/harness.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";

const fresh = (more: HarnessOptions["config"] = {}) => ({ config: { admin: null, ...more } });
const person = { email: "first@example.org", password: "nine quiet otters" };
const path = "/api/v1/setup";

test("the link makes the first admin and signs them in, once", async (t) => {
  const { context, stranger } = await harness(t, fresh());
  const token = context.setup.token!;
  t.regex(token, /^[0-9a-f]{64}$/);
  const { status, body, headers } = await stranger.post<Record<string, string>>(path, { token, ...person });
  t.is(status, 201);
  t.deepEqual(Object.keys(body).sort(), ["accessToken", "token", "user_id"]);
  t.regex(headers.get("set-cookie") ?? "", /^playspawn_session=[0-9a-f]{64};/);
  const me = await stranger.get("/api/v1/auth/me", { authorization: `Bearer ${body["token"]}` });
  t.deepEqual(me.body, { user_id: body["user_id"], email: person.email, role: "admin", others: false });
  const again = await stranger.post<Problem>(path, { token, ...person, email: "second@example.org" });
  t.is(again.status, 404);
  t.is(again.body.code, "setup_done");
  t.is((await stranger.signIn(person)).token?.length, 64);
});

test("wrong links are refused, told in the log and held back by address; the right one passes all the same", async (t) => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const { context, stranger } = await harness(t, { ...fresh(), overrides: { log } });
  const guess = () => stranger.post<Problem>(path, { token: "0".repeat(64), ...person });
  t.like(await guess(), { status: 401, body: { code: "setup_token_unknown" } });
  const answers = await Promise.all(Array.from({ length: 30 }, guess));
  t.is(answers.filter(({ status }) => status === 401).length, 19);
  t.like(await guess(), { status: 429, body: { code: "rate_limited" } });
  t.is(lines.filter((line) => /"remote_address":"127.0.0.1".*wrong set-up link/.test(line)).length, 20);
  t.is((await stranger.post("/api/v1/setup/check", { token: context.setup.token })).status, 204);
  t.is((await stranger.post(path, { token: context.setup.token, ...person })).status, 201);
});

test("a link stays good for its 30 minutes when the control plane starts again; then only newer ones are", async (t) => {
  const dataDir = await temporaryFolder(t);
  const ports = shiftedPorts();
  const start = () => harness(t, { ...fresh({ dataDir }), overrides: { ports } });
  const tokens: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { context } = await start();
    tokens.push(context.setup.token!);
    await context.close();
    ports.skip(12 * 60_000);
  }
  const { stranger, context } = await start();
  const late = await stranger.post<Problem>(path, { token: tokens[0], ...person });
  t.is(late.status, 401, "36 minutes old");
  t.is((await context.db("setup")).length, 3);
  t.is((await stranger.post(path, { token: tokens[1], ...person })).status, 201);
  t.is((await stranger.post<Problem>(path, { token: tokens[2], ...person })).body.code, "setup_done");
});

test("the link is good for 30 minutes", async (t) => {
  const ports = shiftedPorts();
  const { context, stranger } = await harness(t, { ...fresh(), overrides: { ports } });
  ports.skip(30 * 60 * 1000);
  const { status, body } = await stranger.post<Problem>(path, { token: context.setup.token, ...person });
  t.is(status, 401);
  t.regex(body.detail, /30 minutes/);
});

test("of two who use the link at the same moment one becomes the admin", async (t) => {
  const { context, stranger } = await harness(t, fresh());
  const token = context.setup.token;
  const both = await Promise.all(
    ["a@example.org", "b@example.org"].map((email) => stranger.post(path, { token, ...person, email })),
  );
  t.deepEqual(both.map((answer) => answer.status).sort(), [201, 404]);
  t.is((await context.db("users")).length, 1);
});

test("a weak password or a bad address makes nobody", async (t) => {
  const { context, stranger } = await harness(t, fresh());
  const { token } = context.setup;
  for (let i = 0; i < 6; i++) {
    const { status, body } = await stranger.post<Problem>(path, { token, email: "nobody", password: "short" });
    t.is(status, 422);
    t.deepEqual(body.faults?.map((fault) => fault.pointer).sort(), ["/email", "/password"]);
    t.false(JSON.stringify(body).includes("short"));
  }
  t.is((await stranger.post(path, { token, ...person })).status, 201);
});

test("an admin in the environment needs no link", async (t) => {
  const { context, stranger } = await harness(t);
  t.is(context.setup.token, null);
  t.is((await stranger.post<Problem>(path, { token: "x", ...person })).body.code, "setup_done");
});

test("the token is stored as a hash only", async (t) => {
  const { context } = await harness(t, fresh());
  t.false(JSON.stringify(await context.db("setup")).includes(context.setup.token!));
});

test("a page can ask whether its link is good before anything is typed", async (t) => {
  const { context, stranger } = await harness(t, fresh());
  const check = (token: string) => stranger.post<Problem>("/api/v1/setup/check", { token });
  for (let time = 1; time <= 30; time++) t.is((await check(context.setup.token!)).status, 204);
  t.is((await check("0".repeat(64))).body.code, "setup_token_unknown");
});

test("once there is an admin no link is good", async (t) => {
  const { stranger } = await harness(t);
  const { status, body } = await stranger.post<Problem>("/api/v1/setup/check", { token: "0".repeat(64) });
  t.deepEqual([status, body.code], [404, "setup_done"]);
});
