import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { systemClock } from "@playspawn/shared/ports/system.ts";
import test from "ava";
import type { Problem } from "../platform/http/problem.ts";
import { rawPost } from "../testing/raw.ts";
import { admin, harness, temporaryFolder } from "../testing/harness.ts";
import { shiftedPorts } from "../testing/shifted-ports.ts";

const dayMs = 24 * 3600 * 1000;
const login = "/api/v1/auth/login";
const me = "/api/v1/auth/me";

test("signing in answers the same token twice and a cookie that scripts cannot read", async (t) => {
  const { stranger } = await harness(t);
  const { status, body, headers } = await stranger.post<Record<string, string>>(login, admin);
  t.is(status, 200);
  t.deepEqual(Object.keys(body).sort(), ["accessToken", "token", "user_id"]);
  t.is(body["token"], body["accessToken"]);
  t.regex(body["token"]!, /^[0-9a-f]{64}$/);
  const cookie = headers.get("set-cookie") ?? "";
  t.regex(cookie, /^playspawn_session=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=259(2000|1999)$/);
});

test("behind https the cookie is for https only", async (t) => {
  const { stranger } = await harness(t, { config: { publicUrl: new URL("https://play.example.org") } });
  const { headers } = await stranger.post(login, admin);
  t.regex(headers.get("set-cookie") ?? "", /; Secure$/);
  t.regex(headers.get("strict-transport-security") ?? "", /max-age/);
});

test("the token opens the API, as bearer and as cookie, but not in the address", async (t) => {
  const { client, stranger } = await harness(t);
  t.is((await client.get(me)).body["email"], admin.email);
  t.is((await stranger.get(me, { cookie: `a=b; playspawn_session=${client.token}` })).status, 200);
  for (const name of ["token", "accessToken", "access_token", "playspawn_session", "apikey"])
    t.is((await stranger.get(`${me}?${name}=${client.token}`)).status, 401, name);
});

test("the database holds neither the token nor the password, only hashes", async (t) => {
  const { client, context } = await harness(t);
  const [session] = await context.db("sessions");
  t.is(session.token_hash, createHash("sha256").update(client.token!).digest("hex"));
  const [user] = await context.db("users");
  t.regex(user.password_hash, /^\$argon2id\$/);
  t.false(JSON.stringify([session, user]).includes(client.token!));
  t.false(JSON.stringify([session, user]).includes(admin.password));
});

test("a wrong password and an unknown e-mail get the same answer", async (t) => {
  const { stranger } = await harness(t);
  const wrong = await stranger.post<Problem>(login, { ...admin, password: "wrong wrong wrong" });
  const unknown = await stranger.post<Problem>(login, { ...admin, email: "nobody@example.org" });
  t.is(wrong.status, 401);
  t.is(wrong.body.code, "wrong_credentials");
  t.deepEqual({ ...unknown.body, instance: "" }, { ...wrong.body, instance: "" });
  t.is(unknown.headers.get("set-cookie"), null);
});

test("a wrong password costs as much time as an unknown e-mail", async (t) => {
  const limits = {
    place: { points: 1000, seconds: 60 },
    account: { points: 1000, seconds: 60 },
    login: { points: 1000, seconds: 60 },
  };
  const { stranger } = await harness(t, { overrides: { passwordCost: { memoryKib: 16 * 1024, passes: 2 }, limits } });
  const time = async (email: string): Promise<number> => {
    const started = systemClock.mono();
    await stranger.post(login, { email, password: "wrong wrong wrong" });
    return systemClock.mono() - started;
  };
  // The quickest of many, taken in turn: what else the machine does makes some slower and none quicker.
  let [known, unknown] = [Infinity, Infinity];
  for (let i = 0; i < 15; i++) {
    known = Math.min(known, await time(admin.email));
    unknown = Math.min(unknown, await time("nobody@example.org"));
  }
  t.true(Math.abs(known - unknown) < Math.max(10, known / 2), `${known} ms and ${unknown} ms`);
});

test("the e-mail is compared without case and surrounding space", async (t) => {
  const { stranger } = await harness(t);
  t.is((await stranger.post(login, { ...admin, email: ` ${admin.email.toUpperCase()} ` })).status, 200);
});

test("the eleventh wrong try in a minute is refused, also with the right password, whatever address is claimed", async (t) => {
  const { stranger } = await harness(t);
  for (let i = 0; i < 9; i++) {
    const claimed = { "x-forwarded-for": `203.0.113.${i}`, "x-real-ip": `203.0.113.${i}` };
    t.is((await stranger.post(login, { ...admin, password: `wrong number ${i}` }, claimed)).status, 401);
  }
  t.is((await stranger.post(login, { ...admin, password: "wrong number 10" })).status, 401);
  const refused = await stranger.post<Problem>(login, admin);
  t.is(refused.status, 429);
  t.is(refused.body.code, "rate_limited");
  t.true(Number(refused.headers.get("retry-after")) >= 1);
});

test("who is refused at one address can sign in from another", async (t) => {
  const { stranger } = await harness(t);
  for (let i = 0; i < 11; i++) await stranger.post(login, { ...admin, password: "wrong wrong" });
  t.is((await stranger.post(login, admin)).status, 429);
  const elsewhere = request(stranger.url + login, {
    method: "POST",
    localAddress: "127.0.0.2",
    headers: { "content-type": "application/json" },
  });
  elsewhere.end(JSON.stringify(admin));
  const [answer] = (await once(elsewhere, "response")) as [IncomingMessage];
  answer.resume();
  t.is(answer.statusCode, 200);
});

test("a good sign-in clears the wrong tries, and another account is not locked out with it", async (t) => {
  const limits = { place: { points: 3, seconds: 60 } };
  const { stranger } = await harness(t, { overrides: { limits } });
  for (let i = 0; i < 3; i++) {
    t.is((await stranger.post(login, { ...admin, password: "wrong wrong" })).status, 401);
    t.is((await stranger.post(login, { ...admin, password: "wrong wrong" })).status, 401);
    t.is((await stranger.post(login, admin)).status, 200);
  }
  for (let i = 0; i < 5; i++) await stranger.post(login, { email: "other@example.org", password: "wrong wrong" });
  t.is((await stranger.post(login, { email: "other@example.org", password: "wrong wrong" })).status, 429);
  t.is((await stranger.post(login, admin)).status, 200);
});

test("one address may only try so often, with whatever names", async (t) => {
  const { stranger } = await harness(t, { overrides: { limits: { login: { points: 5, seconds: 60 } } } });
  const tries = Array.from({ length: 10 }, (_, i) => ({ email: `u${i}@example.org`, password: "wrong wrong" }));
  const statuses = [];
  for (const attempt of tries) statuses.push((await stranger.post(login, attempt)).status);
  // The harness itself has signed in once.
  t.deepEqual(statuses, [401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);
});

test("signing out ends this session at once, and no other", async (t) => {
  const { client, stranger } = await harness(t);
  const other = await stranger.signIn(admin);
  const { status, headers } = await client.post("/api/v1/auth/logout");
  t.is(status, 204);
  t.regex(headers.get("set-cookie") ?? "", /^playspawn_session=; .*Max-Age=0/);
  t.is((await client.get(me)).status, 401);
  t.is((await other.get(me)).status, 200);
});

test("a session ends after a week without use, and after 30 days with it", async (t) => {
  const ports = shiftedPorts();
  const { client, stranger } = await harness(t, { overrides: { ports } });
  const used = await stranger.signIn(admin);
  for (let day = 0; day < 8; day++) {
    ports.skip(dayMs);
    t.is((await used.get(me)).status, 200, `day ${day}`);
  }
  t.is((await client.get(me)).status, 401);
  for (let week = 0; week < 3; week++) {
    ports.skip(6 * dayMs);
    t.is((await used.get(me)).status, 200);
  }
  ports.skip(5 * dayMs);
  t.is((await used.get(me)).status, 401);
});

test("pruning removes what has expired", async (t) => {
  const ports = shiftedPorts();
  const { context } = await harness(t, { overrides: { ports } });
  t.is((await context.db("sessions")).length, 1);
  ports.skip(8 * dayMs);
  await context.sessions.prune();
  t.is((await context.db("sessions")).length, 0);
});

test("a password changed in the environment is the new one, and ends the old sessions", async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await harness(t, { config: { dataDir } });
  await first.context.close();
  const changed = { ...admin, password: "eight quiet otters" };
  const second = await harness(t, { config: { dataDir, admin: changed } });
  t.is((await second.stranger.get(me, { authorization: `Bearer ${first.client.token}` })).status, 401);
  t.is((await second.stranger.post(login, admin)).status, 401);
  t.is((await second.client.get(me)).status, 200);
});

test("sessions and the admin survive a restart", async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await harness(t, { config: { dataDir } });
  await first.context.close();
  const second = await harness(t, { config: { dataDir } });
  t.is((await second.stranger.get(me, { authorization: `Bearer ${first.client.token}` })).status, 200);
  t.is(second.context.installation, first.context.installation);
});

test("the development login is off unless switched on", async (t) => {
  const { stranger } = await harness(t);
  t.is((await stranger.post("/api/v1/auth/dev-login")).status, 404);
});

test("the development login signs this machine in, and no page that points its own name here", async (t) => {
  const { stranger } = await harness(t, { config: { devLogin: true, publicUrl: new URL("http://evil.example.com") } });
  const { status, body } = await stranger.post<{ token: string }>("/api/v1/auth/dev-login");
  t.is(status, 200);
  t.is((await stranger.get(me, { authorization: `Bearer ${body.token}` })).body["role"], "admin");
  const rebound = await rawPost(stranger.url, "/api/v1/auth/dev-login", "evil.example.com");
  t.regex(rebound, /^HTTP\/1\.1 403 .*"code":"forbidden"/s);
});

test("the development login does not take a proxy on this machine for this machine's user", async (t) => {
  const { stranger } = await harness(t, { config: { devLogin: true } });
  const headers = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "cf-connecting-ip"];
  for (const name of [...headers, "true-client-ip"])
    t.is((await stranger.post("/api/v1/auth/dev-login", undefined, { [name]: "203.0.113.1" })).status, 403, name);
  t.is((await stranger.post("/api/v1/auth/dev-login")).status, 200);
});

test("the development login signs no page of another origin in, also of one that may use the API", async (t) => {
  const shop = "https://shop.example.org";
  const { stranger } = await harness(t, { config: { devLogin: true, corsOrigins: [shop] } });
  const login = (headers: Record<string, string>) =>
    stranger.post<{ code: string }>("/api/v1/auth/dev-login", undefined, headers);
  for (const headers of [{ origin: shop }, { origin: shop, authorization: "Bearer x" }])
    t.like(await login(headers), { status: 403, body: { code: "forbidden" } });
  t.is((await login({ origin: stranger.url })).status, 200);
});

test("sessions of the development login end when it is switched off", async (t) => {
  const dataDir = await temporaryFolder(t);
  const first = await harness(t, { config: { dataDir, devLogin: true } });
  const { body } = await first.stranger.post<{ token: string }>("/api/v1/auth/dev-login");
  await first.context.close();
  const second = await harness(t, { config: { dataDir } });
  t.is((await second.stranger.get(me, { authorization: `Bearer ${body.token}` })).status, 401);
});
