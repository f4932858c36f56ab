import test, { type ExecutionContext } from "ava";
import { createServer, hostingHarness, until } from "../../testing/hosting.ts";
import { connectAgent, joinNode } from "../../testing/scripted-agent.ts";
import { admin, harness } from "../../testing/harness.ts";
import { raw, rawGet } from "../../testing/raw.ts";
import { openSocket, upgradeStatus } from "../../testing/socket.ts";
import { createLog } from "../log.ts";
import { safePath } from "./access-log.ts";

type Line = Record<string, unknown>;

function capture(level: string) {
  const texts: string[] = [];
  const log = createLog(level, { write: (text) => void texts.push(text) });
  const lines = (): Line[] => texts.map((text) => JSON.parse(text) as Line);
  /** The first line that is like this, come or to come: a request is logged after its answer was read. */
  const line = (what: string, matches: (line: Line) => boolean): Promise<Line> =>
    until(what, async () => lines().find(matches));
  return { texts, log, lines, line };
}

const of = (path: string) => (line: Line) => line["path"] === path;

test("a request is one line: who, what, how it ended", async (t) => {
  const { log, lines, line } = capture("info");
  const { client } = await harness(t, { overrides: { log } });
  const { headers } = await client.get("/api/v1/auth/me?", { "user-agent": "told nowhere" });
  const found = await line("the request", of("/api/v1/auth/me"));
  t.like(found, {
    level: "info",
    component: "control-plane",
    msg: "request",
    method: "GET",
    status: 200,
    actor: "user",
  });
  t.like(found, { route: "/api/v1/auth/me", remote_address: "127.0.0.1", request_id: headers.get("x-request-id") });
  t.regex(String(found["actor_id"]), /^usr_/);
  t.true((found["duration_ms"] as number) >= 0 && (found["bytes"] as number) > 100);
  t.is(lines().filter(of("/api/v1/auth/me")).length, 1);
});

test("what is asked for all the time is told to those who want everything", async (t) => {
  const { log, line, lines } = capture("debug");
  const { stranger } = await harness(t, { overrides: { log } });
  for (const path of ["/livez", "/readyz", "/metrics", "/openapi.json", "/no-such-page"]) await stranger.get(path);
  for (const path of ["/livez", "/readyz", "/metrics", "/openapi.json"])
    t.is((await line(path, of(path)))["level"], "debug", path);
  t.like(await line("the last", of("/no-such-page")), { level: "info", route: "(none)", status: 404, actor: "none" });
  t.is(lines().filter(({ msg }) => msg === "request").length, 6);
});

test("a socket is told when it is taken over and when it is refused", async (t) => {
  const { log, line } = capture("info");
  const { stranger, client } = await harness(t, { overrides: { log } });
  t.is(await upgradeStatus(`${stranger.url}/api/v1/live?token=0`, { origin: stranger.url }), 401);
  const refused = await line("the refusal", (each) => each["status"] === 401);
  t.like(refused, { msg: "upgrade", path: "/api/…", remote_address: "127.0.0.1" });
  t.regex(String(refused["request_id"]), /^req_/);
  await openSocket(t, `${stranger.url}/api/v1/live`, { authorization: `Bearer ${client.token}` });
  await line("the socket", (each) => each["msg"] === "upgrade" && each["status"] === 101);
});

test("of a path only what cannot be a secret is logged", (t) => {
  const ours = (path: string) => safePath(path, { isOurs: true });
  const server = "/api/v1/servers/srv_01hzy3v7q8e5c6j2k4m9n0p1r2/wake";
  t.is(ours(server), server);
  t.is(ours("/setup/4f0c7c1ad3e94b6f8d2a5b7c9e1f3a5b"), "/setup/[…]");
  t.is(ours("/a\nb/c d/e%20f"), "/[…]/[…]/[…]");
  const nobodys = (path: string) => safePath(path, { isOurs: false });
  t.is(nobodys("/favicon.ico"), "/favicon.ico");
  t.is(nobodys("/wake/seven-quiet-otters"), "/wake/…");
});

/** Every secret of this house is carried in by every way there is, also the wrong ones. */
async function carryIn(t: ExecutionContext, url: string, secrets: readonly string[]): Promise<void> {
  for (const secret of secrets) {
    const headers: Record<string, string>[] = [
      { authorization: `Bearer ${secret}` },
      { authorization: `Basic ${Buffer.from(`a:${secret}`).toString("base64")}` },
      { cookie: `playspawn_session=${secret}`, origin: url },
      { "x-node-id": "node_00000000000000000000000000", "x-node-secret": secret },
      { "x-forwarded-for": secret, "user-agent": secret, referer: `${url}/?t=${secret}` },
    ];
    const encoded = encodeURIComponent(secret);
    const paths = ["/api/v1/auth/me", `/api/v1/servers?token=${encoded}`, `/setup?t=${encoded}`, `/nothing/${encoded}`];
    for (const path of [...paths, `/errors/${encoded}`, `/metrics?token=${encoded}`])
      for (const each of headers) await fetch(url + path, { headers: each }).then((answer) => answer.text());
    for (const each of headers) {
      await upgradeStatus(`${url}/agent/v1?token=${encoded}`, each);
      await upgradeStatus(`${url}/api/v1/live?token=${encoded}`, { origin: url, ...each });
    }
    const body = JSON.stringify({ token: secret, password: secret, email: `${secret}@example.org`, [secret]: secret });
    for (const path of ["/api/v1/auth/login", "/api/v1/setup", "/api/v1/nodes/join", "/api/v1/webhook/wake"])
      for (const text of [body, body.slice(0, -1)])
        await fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body: text });
    t.regex(await raw(url, `GET /${secret} NOT-HTTP\r\nAuthorization: ${secret}\r\n\r\n`), /^HTTP\/1\.1 400/);
    await rawGet(url, `/?${encoded}`, secret);
  }
}

test("no secret reaches the log, whichever way it comes in and however much is logged", async (t) => {
  const { texts, log } = capture("trace");
  const metricsToken = "canary-of-the-metrics-token";
  const limits = Object.fromEntries(
    ["read", "write", "login", "join", "webhook", "guesses"].map((name) => [name, { points: 1e6, seconds: 60 }]),
  );
  const base = await hostingHarness(t, { config: { metricsToken }, overrides: { log, limits } });
  const joinToken = (await base.client.post<{ token: string }>("/api/v1/nodes/join-tokens")).body.token;
  const key = await joinNode(base.client);
  await connectAgent(t, base.context.localUrl, key);
  const server = await createServer(base, { variables: { PASSWORD: "canary-of-a-player" } });
  const wake = (await base.client.post<{ token: string }>(`/api/v1/servers/${server.id}/wake-token`)).body.token;
  const known = [admin.password, base.client.token!, joinToken, key.secret, wake, metricsToken];
  const house = await hostingHarness(t, { config: { admin: null }, overrides: { log, limits } });
  const secrets = [...known, house.context.setup.token!, "canary-of-a-player"];
  for (const secret of secrets) t.true(secret.length >= 16, "a canary that is long enough to be found");
  await carryIn(t, base.stranger.url, secrets);
  await carryIn(t, house.stranger.url, secrets);
  t.true(texts.length > secrets.length * 50);
  const all = texts.join("");
  for (const secret of secrets)
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(`a:${secret}`).toString("base64")])
      t.false(all.includes(form), `${secret} is in ${texts.find((text) => text.includes(form)) ?? ""}`);
});
