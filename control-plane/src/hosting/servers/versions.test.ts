import type { Server } from "@playspawn/shared";
import test from "ava";
import { connectAgent, joinNode, statusOf } from "../../testing/scripted-agent.ts";
import { createServer, hostingHarness, readServer, scene, until } from "../../testing/hosting.ts";
import { shiftedPorts } from "../../testing/shifted-ports.ts";

test("every change of what is shown makes the version greater: people's, the agent's, and the node's silence", async (t) => {
  const ports = shiftedPorts();
  const s = await scene(t, {}, { overrides: { ports } });
  const created = await createServer(s);
  const { upsert } = await s.agent.next("desired");
  await s.agent.report(statusOf(upsert[0]!, { state: "starting" }));
  const starting = await readServer(s, created.id);
  const renamed = await s.client.request<Server>("PATCH", `/api/v1/servers/${created.id}`, { name: "two" });
  await s.agent.close();
  ports.skip(60_000);
  const lost = await until("the silence", async () => {
    const server = await readServer(s, created.id);
    return server.have === "unknown" ? server : undefined;
  });
  await connectAgent(t, s.context.localUrl, s.key);
  const missing = await readServer(s, created.id);
  t.is(missing.have, "absent", "the complete report did not name it");
  const versions = [created, starting, renamed.body, lost, missing].map(({ version }) => version);
  t.deepEqual(
    versions,
    [...new Set(versions)].sort((a, b) => a - b),
  );
});

test("a clock that goes back does not make a change look old", async (t) => {
  const ports = shiftedPorts();
  const base = await hostingHarness(t, { overrides: { ports } });
  const s = { ...base, agent: await connectAgent(t, base.context.localUrl, await joinNode(base.client)) };
  const created = await createServer(s);
  ports.skip(-3600_000);
  const renamed = await s.client.request<Server>("PATCH", `/api/v1/servers/${created.id}`, { name: "two" });
  t.true(renamed.body.updatedAt < created.updatedAt);
  t.true(renamed.body.version > created.version);
});
