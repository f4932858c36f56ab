import { execFileSync, spawnSync } from "node:child_process";
import test from "ava";
import { lint, parseExposition } from "../../testing/exposition.ts";
import { harness } from "../../testing/harness.ts";
import { rawGet } from "../../testing/raw.ts";

const token = "scrape-me-if-you-can";
/** What a reverse proxy on this machine says of somebody elsewhere. */
const elsewhere = { "x-forwarded-for": "203.0.113.9" };

test("programs on this machine read it; for others nothing is there, unless a token was set", async (t) => {
  const { stranger } = await harness(t);
  const { status, headers, body } = await stranger.get<string>("/metrics");
  t.is(status, 200);
  t.is(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  t.regex(body, /^playspawn_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
  t.is((await stranger.get("/metrics", elsewhere)).status, 404);
  t.is((await stranger.get("/metrics", { ...elsewhere, authorization: "Bearer null" })).status, 404);
  t.is((await stranger.post("/metrics")).status, 405);
});

test("others read it with the token and nothing else, not even as an admin", async (t) => {
  const { stranger, client } = await harness(t, { config: { metricsToken: token } });
  t.is((await stranger.get("/metrics", { ...elsewhere, authorization: `Bearer ${token}` })).status, 200);
  for (const authorization of ["", `Bearer ${token}x`, "Bearer x", `Basic ${token}`, `Bearer ${client.token}`]) {
    const { status, headers } = await stranger.get("/metrics", { ...elsewhere, authorization });
    t.is(status, 401, authorization);
    t.is(headers.get("www-authenticate"), "Bearer");
  }
  t.is((await stranger.get(`/metrics?token=${token}`, elsewhere)).status, 401);
  t.is((await stranger.get("/metrics")).status, 200);
});

test("behind a trusted proxy on this machine, this machine is who stands behind the proxy", async (t) => {
  const { stranger } = await harness(t, { config: { trustedProxies: ["127.0.0.1"] } });
  t.is((await stranger.get("/metrics", elsewhere)).status, 404);
  t.is((await stranger.get("/metrics")).status, 200);
});

test("it is what Prometheus reads: parsed strictly, named in base units, each series once", async (t) => {
  const { stranger, client } = await harness(t);
  await client.get("/api/v1/servers");
  const { body } = await stranger.get<string>("/metrics");
  const families = parseExposition(body);
  t.deepEqual(lint(families), []);
  for (const name of families.keys()) t.true(name.startsWith("playspawn_"), name);
  t.true(families.get("playspawn_process_cpu_seconds_total")!.samples.length > 0);
  t.true(families.get("playspawn_nodejs_eventloop_lag_seconds")!.samples.length > 0);
  t.true(families.get("playspawn_database_query_duration_seconds")!.samples.length > 0);
  // The real thing, where Debian's prometheus is installed.
  if (spawnSync("promtool", ["--version"]).error === undefined)
    t.notThrows(() => execFileSync("promtool", ["check", "metrics"], { input: body, stdio: "pipe" }));
});

test("a request counts under its route, never under the path that was asked for", async (t) => {
  const { stranger, client } = await harness(t);
  for (const n of [1, 2, 3]) {
    await stranger.get(`/no/such/thing-${n}`);
    await client.get(`/api/v1/servers/srv_${String(n).padStart(26, "0")}`);
  }
  await rawGet(stranger.url.replace("localhost", "127.0.0.1"), "/%", "127.0.0.1");
  await client.request("BREW" as never, "/livez").catch(() => undefined);
  const families = parseExposition((await stranger.get<string>("/metrics")).body);
  const { samples } = families.get("playspawn_http_request_duration_seconds")!;
  const counts = samples.filter(({ name }) => name.endsWith("_count"));
  const of = (route: string, status: string) =>
    counts.find(({ labels }) => labels["route"] === route && labels["status"] === status);
  t.is(of("/api/v1/servers/{id}", "404")?.value, 3);
  t.true(of("(none)", "404")!.value >= 3);
  t.false(JSON.stringify(counts).includes("thing-"));
  t.false(JSON.stringify(counts).includes("srv_"));
});
