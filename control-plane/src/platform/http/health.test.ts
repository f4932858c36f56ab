import test from "ava";
import { harness } from "../../testing/harness.ts";
import type { Problem } from "./problem.ts";

const fresh = { config: { admin: null } };

test("each probe answers strangers, also before set-up, and /health keeps its literal answer", async (t) => {
  const { stranger } = await harness(t, fresh);
  for (const path of ["/livez", "/healthz", "/readyz", "/health"]) {
    const { status, body } = await stranger.get(path);
    t.is(status, 200, path);
    t.deepEqual(body, { status: "healthy" }, path);
  }
});

test("verbose names each check on a line; excluded ones are left out, one or many", async (t) => {
  const { stranger } = await harness(t);
  const read = async (query: string) => (await stranger.get<string>(`/readyz?${query}`)).body;
  const all = ["shutdown", "database", "telemetry", "migrations", "catalogue"].map((name) => `[+]${name} ok\n`);
  t.is(await read("verbose"), `${all.join("")}readyz check passed\n`);
  const fewer = await read("verbose=1&exclude=database&exclude=catalogue");
  t.is(fewer, "[+]shutdown ok\n[+]telemetry ok\n[+]migrations ok\nreadyz check passed\n");
  t.is((await stranger.get("/livez?verbose")).body as unknown, "[+]ping ok\nlivez check passed\n");
  t.is((await stranger.get<Problem>("/readyz?nonsense")).status, 422);
});

test("a check that fails makes it not ready, in fixed words that tell no path and no reason; excluded it does not", async (t) => {
  const { stranger, context } = await harness(t);
  await context.telemetry.destroy();
  const { status, headers, body } = await stranger.get<string>("/readyz?verbose");
  t.is(status, 503);
  t.regex(headers.get("content-type")!, /^text\/plain/);
  t.regex(body, /^\[-\]telemetry failed: its database does not answer$/m);
  t.regex(
    body,
    /^\[-\]migrations failed: which the database has cannot be read$/m,
    "nobody knows that they are missing",
  );
  t.regex(body, /^readyz check failed$/m);
  t.notRegex(body, /\/|\.db|knex|Error/);
  const problem = await stranger.get<Problem>("/readyz");
  t.is(problem.status, 503);
  t.is(problem.body.code, "not_ready");
  t.regex(problem.body.detail, /telemetry its database does not answer/);
  t.is((await stranger.get("/readyz?exclude=telemetry&exclude=migrations")).status, 200);
  t.is((await stranger.get("/livez")).status, 200);
});

test("a database without this version's tables is not ready", async (t) => {
  const { stranger, context } = await harness(t);
  await context.db("migrations").insert({ name: "999-of-the-future", applied_at: 1 });
  const { status, body } = await stranger.get<string>("/readyz?verbose&exclude=telemetry");
  t.is(status, 503);
  t.regex(body, /^\[\+\]database ok$/m);
  t.regex(body, /^\[-\]migrations failed: the database does not have this version's tables$/m);
});

test("one that is about to stop is not ready while it still answers, then it stops", async (t) => {
  const { stranger, context } = await harness(t, { config: { drainSeconds: 1 } });
  t.is((await stranger.get("/readyz")).status, 200);
  const closing = context.close();
  const { status, body } = await stranger.get<string>("/readyz?verbose");
  t.is(status, 503);
  t.regex(body, /^\[-\]shutdown failed: the control plane is stopping$/m);
  t.is((await stranger.get("/livez")).status, 200);
  t.is((await stranger.get("/api/v1/auth/me")).status, 401);
  await closing;
  await t.throwsAsync(stranger.get("/livez"));
});

test("the description names both forms of a probe's answer", async (t) => {
  const { stranger } = await harness(t);
  const { body } = await stranger.get<{
    paths: Record<string, { get: { responses: Record<string, { content: Record<string, unknown> }> } }>;
  }>("/openapi.json");
  for (const path of ["/livez", "/healthz", "/readyz"])
    for (const query of ["", "?verbose"]) {
      const { headers } = await stranger.get(path + query);
      const [type = ""] = headers.get("content-type")!.split(";");
      t.true(type in body.paths[path]!.get.responses["200"]!.content, `${path}${query}: ${type}`);
    }
});
