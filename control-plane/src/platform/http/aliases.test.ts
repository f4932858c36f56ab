import test from "ava";
import { createServer, hostingHarness, readServer, scene } from "../../testing/hosting.ts";
import { harness } from "../../testing/harness.ts";
import { rawGet } from "../../testing/raw.ts";
import { openSocket } from "../../testing/socket.ts";
import { gspPaths, routesOf } from "./aliases.ts";
import type { Problem } from "./problem.ts";

test("an alias leads to the operation itself: same answer, same permission, same limit", async (t) => {
  const house = await scene(t);
  const { id } = await createServer(house);
  const { client, stranger } = house;
  const paths = ["/api/v1/servers", "/v1/servers", "/api/servers", "/api/servers/"];
  const lists = await Promise.all(paths.map((path) => client.get(path)));
  for (const { status, body } of lists) t.deepEqual([status, body], [200, lists[0]!.body]);
  t.deepEqual((await client.get(`/api/servers/${id}`)).body, await readServer(house, id));
  t.is((await stranger.get("/api/servers")).status, 401);
  t.is((await client.post("/api/servers", { nonsense: 1 })).status, 422);
  t.is((await client.request("DELETE", `/api/servers/${id}`)).status, 202);
});

test("a key is one across all the paths of an operation", async (t) => {
  const house = await scene(t);
  const body = { name: "one", game: "tiny" };
  const key = { "idempotency-key": "only-once" };
  const first = await house.client.post<{ id: string }>("/api/servers", body, key);
  t.is(first.status, 201);
  for (const path of ["/api/v1/servers", "/v1/servers", "/api/servers"])
    t.is((await house.client.post<{ id: string }>(path, body, key)).body.id, first.body.id, path);
  const other = await house.client.post<Problem>("/v1/servers", { ...body, name: "two" }, key);
  t.is(other.body.code, "idempotency_conflict");
});

test("aliases limit their callers together with their targets", async (t) => {
  const limits = { login: { points: 3, seconds: 60 } };
  const { stranger } = await harness(t, { config: { admin: null, devLogin: true }, overrides: { limits } });
  t.is((await stranger.post<Problem>("/auth/dev-login")).body.code, "setup_required");
  const { stranger: guest } = await harness(t, { overrides: { limits } });
  // The harness signed in once.
  for (const path of ["/auth/login/google", "/v1/auth/oauth/google"]) t.is((await guest.post(path)).status, 501, path);
  t.is((await guest.get("/auth/callback/google")).status, 429);
});

test("HEAD, other methods and what is nearly a path are answered as everywhere", async (t) => {
  const { client, stranger } = await hostingHarness(t);
  const head = await client.request("HEAD", "/api/servers");
  t.deepEqual([head.status, head.body as unknown], [200, ""]);
  const put = await client.request<Problem>("PUT", "/api/servers", {});
  t.is(put.body.code, "method_not_allowed");
  t.deepEqual(put.headers.get("allow")?.split(", ").toSorted(), ["GET", "HEAD", "POST"]);
  t.is((await client.request("PUT", "/api/v1/servers", {})).headers.get("allow"), put.headers.get("allow"));
  for (const path of [
    "/api/servers%2Fsrv_0",
    "/api/servers/..%2f..%2fservers",
    "/api/servers/srv_0/nope",
    "/api/nope",
    "/v1/nope",
    "/v1",
    "/auth/login",
    "/auth/login/github",
    "/auth/nope",
    "/API/nope",
  ])
    for (const accept of ["text/html", "application/json"]) {
      const answer = await client.get<Problem>(path, { accept });
      t.is(answer.status, 404, path);
      t.is(answer.headers.get("content-type"), "application/problem+json", path);
      t.is(answer.body.code, "not_found", path);
    }
  const { host } = new URL(stranger.url);
  t.regex(await rawGet(stranger.url, "/api/servers/%ff", host), /^HTTP\/1\.1 40[014] /);
  t.regex(await rawGet(stranger.url, "//api/servers", host), /^HTTP\/1\.1 404 /);
});

test("signing in with somebody else's account says what is missing, also to a browser", async (t) => {
  const { stranger } = await harness(t);
  const asked = [
    ["GET", "/auth/login/google", "Google"],
    ["POST", "/auth/login/google", "Google"],
    ["GET", "/auth/login/microsoft", "Microsoft"],
    ["POST", "/auth/login/microsoft", "Microsoft"],
    ["GET", "/auth/callback/google?code=1&state=2&scope=email", "Google"],
    ["GET", "/auth/callback/microsoft?error=access_denied", "Microsoft"],
  ] as const;
  for (const [method, path, name] of asked) {
    const answer = await stranger.request<Problem>(method, path, undefined, { accept: "text/html" });
    t.is(answer.body.code, "oauth_not_configured", path);
    t.true(answer.body.detail.includes(name), answer.body.detail);
  }
});

test("the short form of our own paths goes for sockets, too", async (t) => {
  const { client } = await harness(t);
  const socket = await openSocket(t, `${client.url}/v1/live`, { authorization: `Bearer ${client.token}` });
  t.is(socket.socket.readyState, socket.socket.OPEN);
});

test("the API's description has every path of the document", async (t) => {
  const { client, context } = await harness(t);
  const { body } = await client.get<{ paths: Record<string, object> }>("/openapi.json");
  for (const [path, target] of Object.entries(gspPaths))
    t.deepEqual(Object.keys(body.paths[path] ?? {}), Object.keys(body.paths[target] ?? { none: 1 }), path);
  t.throws(() => routesOf(context.operations, { "/x": "/api/v1/nowhere" }), { message: /no operation is/ });
  t.throws(() => routesOf(context.operations, { "/health": "/livez" }), { message: /is an operation/ });
});
