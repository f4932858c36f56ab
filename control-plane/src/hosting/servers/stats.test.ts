import test from "ava";
import type { Problem } from "../../platform/http/problem.ts";
import { createServer, scene } from "../../testing/hosting.ts";
import { helloOf } from "../../testing/scripted-agent.ts";

const hello = { capabilities: { ...helloOf().capabilities, stats: true } };
const used = { cpu_percent: 12.5, memory_percent: 40, memory_used_mb: 25.6, status: "ready" };

test("what a server uses is what its node answers now, in the document's fields", async (t) => {
  const house = await scene(t, { hello });
  const { id } = await createServer(house);
  for (const path of [`/api/v1/servers/${id}/stats`, `/api/servers/${id}/stats`]) {
    const asked = house.client.get(path);
    const { id: call, call: question } = await house.agent
      .next("call")
      .then(async (frame) => (frame.call.op === "stats" ? frame : await house.agent.next("call")));
    t.deepEqual(question, { op: "stats", server: id, rates: true });
    house.agent.send({ t: "reply", id: call, result: used });
    t.deepEqual((await asked).body as unknown, used);
  }
});

test("a node that does not know, answers nonsense, is too old or away is a problem that says so", async (t) => {
  const house = await scene(t, { hello });
  const { id } = await createServer(house);
  const path = `/api/v1/servers/${id}/stats`;
  await house.agent.next("call");
  const answers = [
    { error: { code: "docker_unavailable", message: "Docker does not answer." } },
    { result: { ...used, cpu_percent: -1 } },
  ];
  const codes = [];
  for (const answer of answers) {
    const asked = house.client.get<Problem>(path);
    const { id: call } = await house.agent.next("call");
    house.agent.send({ t: "reply", id: call, ...answer });
    codes.push((await asked).body.code);
  }
  t.deepEqual(codes, ["docker_unavailable", "node_unreachable"]);
  await house.agent.close();
  t.is((await house.client.get<Problem>(path)).body.code, "node_unreachable");
  const old = await scene(t);
  const other = await createServer(old);
  const refused = await old.client.get<Problem>(`/api/v1/servers/${other.id}/stats`);
  t.deepEqual([refused.status, refused.body.code], [409, "conflict"]);
  t.false(
    old.agent.frames.some((frame) => frame.t === "call" && frame.call.op === "stats"),
    "it was not asked",
  );
});
