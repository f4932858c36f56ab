import type { Server } from "@playspawn/shared";
import test from "ava";
import type { Problem } from "../../platform/http/problem.ts";
import { createServer, readServer, rewriteTiny, scene, type Scene } from "../../testing/hosting.ts";
import { statusOf } from "../../testing/scripted-agent.ts";

const knowing = { hello: { capabilities: { version: "0.2.0", update: true } } };
const patch = <T = Server>(s: Scene, id: string, variables: object) =>
  s.client.request<T>("PATCH", `/api/v1/servers/${id}`, { variables });
const update = <T = Server>(s: Scene, id: string) => s.client.post<T>(`/api/v1/servers/${id}/update`);

/** What the agent is told next of its one server. */
const told = async (s: Scene) => (await s.agent.next("desired")).upsert[0]!;

const max = "MAX: { type: integer, label: Players, default: 8, min: 2, max: 64 }";
const rename = (s: Scene): Promise<void> =>
  rewriteTiny(s, max, max.replace("MAX:", "SEATS:").replace("default: 8", "default: 16"));
const addSecret = (s: Scene): Promise<void> =>
  rewriteTiny(s, max, `${max}\n  RCON: { type: string, label: RCON, default: "", secret: true, generate: true }`);

test("a changed variable keeps to the version that the server was made from, also when its template is gone", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s, { variables: { MAX: 32 } });
  await told(s);
  await rename(s);
  t.is((await patch(s, id, { PASSWORD: "hush" })).status, 200);
  t.deepEqual((await told(s)).spec.env, { MAX: "32", PASSWORD: "hush" });
  t.is((await patch(s, id, { MAX: 33, PASSWORD: "********" })).status, 200);
  t.deepEqual((await told(s)).spec.env, { MAX: "33", PASSWORD: "hush" });
  const newer = await patch<Problem>(s, id, { SEATS: 3 });
  t.deepEqual(newer.body.faults, [{ pointer: "/variables/SEATS", detail: "Tiny has no such variable" }]);
  await rewriteTiny(s, "id: tiny", "id: other");
  t.is((await patch(s, id, { MAX: 34 })).status, 200);
});

test("what is shown masked and comes back unchanged is as it was", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s, { variables: { MAX: 32, PASSWORD: "hush" } });
  await rename(s);
  const shown = (await readServer(s, id)).variables;
  t.deepEqual(shown, { MAX: 32, PASSWORD: "********" });
  t.is((await patch(s, id, shown)).status, 200);
  await told(s);
  t.deepEqual((await told(s)).spec.env, { MAX: "32", PASSWORD: "hush" });
});

test("a secret is masked that was one when the server was made, and one that the template calls so now", async (t) => {
  const s = await scene(t);
  const { id } = await createServer(s, { variables: { PASSWORD: "hush" } });
  const open = `default: "" }`;
  await rewriteTiny(s, `default: "", secret: true }`, open);
  t.is((await readServer(s, id)).variables["PASSWORD"], "********");
  const later = await createServer(s, { variables: { PASSWORD: "plain" } });
  t.is((await readServer(s, later.id)).variables["PASSWORD"], "plain");
  await rewriteTiny(s, open, `default: "", secret: true }`);
  t.is((await readServer(s, later.id)).variables["PASSWORD"], "********");
  await rewriteTiny(s, "id: tiny", "id: other");
  t.is((await readServer(s, id)).variables["PASSWORD"], "********", "also when its template is gone");
});

test("an update brings the variables of its version, a secret that it needs among them, and they stay", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s, { variables: { MAX: 32 } });
  await told(s);
  await addSecret(s);
  t.deepEqual((await readServer(s, id)).update?.changes, ["/variables/RCON"]);
  await update(s, id);
  const first = await told(s);
  const secret = first.update!.spec.env["RCON"]!;
  t.is(secret.length, 24);
  t.false("RCON" in first.spec.env);
  await patch(s, id, { MAX: 33 });
  const { spec, update: next } = await told(s);
  t.deepEqual(spec.env, { MAX: "33", PASSWORD: "" });
  t.deepEqual(next!.spec.env, { MAX: "33", PASSWORD: "", RCON: secret });
  await s.agent.report(statusOf({ id, gen: 3 }, { update: { gen: 2, phase: "done" } }));
  t.deepEqual((await told(s)).spec.env["RCON"], secret);
  const after = await readServer(s, id);
  t.is(after.update, null);
  t.deepEqual(after.variables, { MAX: 33, PASSWORD: "", RCON: "********" });
  await patch(s, id, { MAX: 34 });
  t.deepEqual((await told(s)).spec.env, { MAX: "34", PASSWORD: "", RCON: secret });
});

test("names that an update takes away are gone with it, and those that it brings can be changed", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s, { variables: { MAX: 32 } });
  await rename(s);
  await update(s, id);
  await told(s);
  t.deepEqual((await told(s)).update!.spec.env, { SEATS: "16", PASSWORD: "" });
  await s.agent.report(statusOf({ id, gen: 2 }, { update: { gen: 2, phase: "done" } }));
  t.deepEqual((await readServer(s, id)).variables, { SEATS: 16, PASSWORD: "" });
  t.is((await patch(s, id, { SEATS: 5 })).body.variables["SEATS"], 5);
});

test("a value that the version to be taken does not allow is refused, with the way out", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s);
  await rewriteTiny(s, "max: 64", "max: 16");
  await rewriteTiny(s, "example/tiny:1", "example/tiny:2");
  await update(s, id);
  const refused = await patch<Problem>(s, id, { MAX: 32 });
  t.deepEqual(refused.body.faults, [{ pointer: "/variables/MAX", detail: "must be at most 16" }]);
  t.regex(refused.body.detail, /^The version that one is to take does not allow this; call that update off first/);
  await s.client.request("DELETE", `/api/v1/servers/${id}/update`);
  t.is((await patch(s, id, { MAX: 32 })).status, 200);
});

test("an update that is called off, or taken back, leaves the variables as they were", async (t) => {
  const s = await scene(t, knowing);
  const { id } = await createServer(s, { variables: { MAX: 32 } });
  await rename(s);
  await update(s, id);
  await s.client.request("DELETE", `/api/v1/servers/${id}/update`);
  await update(s, id);
  await s.agent.report(statusOf({ id, gen: 4 }, { update: { gen: 4, phase: "failed" } }));
  t.is((await patch(s, id, { MAX: 40 })).status, 200);
  t.is((await s.context.db("servers").first<{ variables: string }>("variables")).variables, '{"MAX":40,"PASSWORD":""}');
});
