/** Rules that hold for every operation there is, also those added later. */
import test from "ava";
import type { Problem } from "./problem.ts";
import { harness } from "../../testing/harness.ts";
import { routesOf } from "./aliases.ts";
import { createRegistry, operation } from "./operation.ts";

/** May only shrink, or grow with a reason in docs/adding-an-endpoint.md. */
const publicOperations = [
  "beginRestore",
  "checkRestore",
  "checkSetup",
  "devLogin",
  "getRestore",
  "health",
  "healthz",
  "joinNode",
  "livez",
  "login",
  "oauthCallback",
  "oauthRedirect",
  "oauthStart",
  "readyz",
  "sendRestorePiece",
  "setup",
  "wakeByWebhook",
];
const restoring = ["beginRestore", "checkRestore", "getRestore", "sendRestorePiece"];
const looking = ["health", "healthz", "livez", "readyz"];
const beforeSetup = ["checkSetup", "getBuildContext", "joinNode", "setup", ...restoring, ...looking];

const filled = ({ path }: { path: string }): string => path.replaceAll(/\{\w+\}/g, "x_00000000000000000000000000");

test("every operation that is not public answers 401 to nobody, to a wrong token and to a node's headers", async (t) => {
  const { context, stranger } = await harness(t);
  const guarded = routesOf(context.operations).filter(({ operation: declared }) => declared.auth !== "public");
  t.true(guarded.length >= 2);
  const wrong: Record<string, string>[] = [
    {},
    { authorization: `Bearer ${"0".repeat(64)}` },
    { authorization: "Basic YWRtaW46YWRtaW4=" },
    { cookie: `playspawn_session=${"0".repeat(64)}`, origin: stranger.url },
    { "x-node-id": "node_00000000000000000000000000", "x-node-secret": "0".repeat(64) },
  ];
  for (const { path, operation: declared } of guarded)
    for (const headers of wrong) {
      const { status, body } = await stranger.request<Problem>(declared.method, filled({ path }), undefined, headers);
      t.is(status, 401, `${declared.method} ${path} with ${JSON.stringify(headers)}`);
      t.true(["unauthenticated", "node_secret_invalid"].includes(body.code), `${path}: ${body.code}`);
    }
});

test("the list of public operations does not grow by accident", async (t) => {
  const { context } = await harness(t);
  const found = context.operations.filter((declared) => declared.auth === "public").map((declared) => declared.name);
  for (const name of found) t.true(publicOperations.includes(name), name);
});

test("before set-up everything is refused but what is meant for then", async (t) => {
  const { context, stranger } = await harness(t, { config: { admin: null, devLogin: true } });
  for (const { path, operation: declared } of routesOf(context.operations)) {
    const { status, body } = await stranger.request<Problem>(declared.method, filled({ path }));
    const refused = status === 403 && body.code === "setup_required";
    t.is(refused, !declared.beforeSetup, path);
    if (declared.beforeSetup) t.true(beforeSetup.includes(declared.name), declared.name);
  }
  for (const path of ["/", "/openapi.json", "/docs", "/redoc", "/nope", "/api/v1/live", "/index.html", "/servers"])
    t.is((await stranger.get(path)).status, 403, path);
});

test("every operation refuses an unknown query parameter from those it lets in", async (t) => {
  const { context, client } = await harness(t);
  const mine = routesOf(context.operations).filter(
    ({ path, operation: { auth } }) => auth === "user" && !path.includes("{"),
  );
  for (const { path, operation: declared } of mine.filter((each) => each.operation.name !== "logout")) {
    const { status } = await client.request(declared.method, `${path}?no_such_parameter=1`);
    t.is(status, 422, path);
  }
});

test("an operation without its guard, or declared twice, stops the start", (t) => {
  const base = {
    name: "thing",
    method: "get",
    path: "/thing",
    tag: "tests",
    summary: "A thing",
    answer: { status: 204, schema: null },
    handle: async () => undefined,
  } as const;
  const open = operation({ ...base, auth: "public" });
  t.notThrows(() => createRegistry([open]));
  t.throws(() => createRegistry([open, open]), { message: /declared twice/ });
  t.throws(() => createRegistry([open, operation({ ...base, name: "other", auth: "public" })]), {
    message: /declared twice/,
  });
  t.throws(() => createRegistry([operation({ ...base, auth: "user" })]), { message: /needs a permission/ });
  t.throws(() => createRegistry([operation({ ...base, auth: "user", permission: "servers:read" })]), {
    message: /needs a resource/,
  });
  t.throws(() => createRegistry([operation({ ...base, path: "/thing/{id}", auth: "public" })]), {
    message: /needs a schema/,
  });
});

test("U+0000, which PostgreSQL takes in no query, is refused everywhere, from strangers too", async (t) => {
  const { context, client, stranger } = await harness(t);
  for (const { path, operation: declared } of routesOf(context.operations)) {
    if (!path.includes("{")) continue;
    const { status } = await client.request(declared.method, path.replaceAll(/\{\w+\}/g, "x%00"), undefined);
    t.true(status < 500 || declared.tag === "auth", `${declared.method} ${path}: ${status}`);
  }
  const password = "a-password-of-one's-own";
  for (const [path, body] of [
    ["/api/v1/auth/login", { email: "a\0@b.example", password }],
    ["/api/v1/webhook/wake", { server_id: "srv\0", token: "x" }],
  ] as const) {
    const { status, body: problem } = await stranger.post<Problem>(path, body);
    t.is(status, 422, path);
    t.regex(problem.detail, /must not contain the character U\+0000/);
  }
});
