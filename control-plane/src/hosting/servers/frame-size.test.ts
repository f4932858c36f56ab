/** All desired servers of a node must fit one frame, or it could never connect again. */
import { frameBytesMax, type DesiredServer } from "@playspawn/shared";
import test from "ava";
import { connectAgent } from "../../testing/scripted-agent.ts";
import { createServer, scene, type Scene } from "../../testing/hosting.ts";
import { desiredOf } from "./desired.ts";
import { listOnNode, recordBytes, type ServerRow } from "./store.ts";

/** Three bytes a character. */
const variables = { PASSWORD: "界".repeat(1000) };
const body = { name: "x", game: "tiny", variables };

async function crowded(t: Parameters<typeof scene>[0]): Promise<{ s: Scene; id: string }> {
  const s = await scene(t);
  const { id } = await createServer(s, { variables });
  return { s, id };
}

/** Copies of a server's row, so that a test of hundreds does not ask for hundreds. */
async function copies({ context: { db } }: Scene, id: string, n: number): Promise<void> {
  const row = await db<ServerRow>("servers").where({ id }).first();
  for (let i = 0; i < n; i++)
    await db("servers").insert({ ...row, id: `srv_${String(i).padStart(26, "0")}`, rev: row!.rev + 1 + i });
  await db("nodes").update({ rev: row!.rev + n });
}

test("a node is full before its servers, in bytes of UTF-8, fill a frame; then it still connects", async (t) => {
  const { s, id } = await crowded(t);
  let n = 400;
  await copies(s, id, n);
  const refused = await s.client.post("/api/v1/servers", body);
  t.is(refused.body["code"], "no_node");
  // Down to as many as are let in.
  for (let status = 503; status === 503;) {
    await s.context
      .db("servers")
      .where({ id: `srv_${String(--n).padStart(26, "0")}` })
      .delete();
    status = (await s.client.post("/api/v1/servers", body)).status;
  }
  t.true(n > 100);
  await s.agent.close();
  const again = await connectAgent(t, s.context.localUrl, s.key);
  t.is(again.welcome.snapshot.length, n + 2);
});

test("what is pushed to a node that was away for many changes comes in frames that it can take", async (t) => {
  const { s, id } = await crowded(t);
  await copies(s, id, 400);
  await s.client.request("PATCH", `/api/v1/servers/${id}`, { idleSeconds: 60 });
  const got = new Set<string>();
  while (got.size < 401) {
    const frame = await s.agent.next("desired");
    t.true(Buffer.byteLength(JSON.stringify(frame)) <= frameBytesMax);
    for (const { id: one } of frame.upsert) got.add(one);
  }
});

test("no record takes more beside its spec than is reckoned", async (t) => {
  const { s } = await crowded(t);
  const [row] = await listOnNode(s.context.db, s.key.nodeId);
  const kick: DesiredServer["kick"] = { gen: 2 ** 31, kind: "hibernate", tier: "cold" };
  const largest = {
    ...row!,
    gen: 2 ** 31,
    idle_seconds: 2_592_000,
    on_disconnect: "replace",
    want: "running",
  } as const;
  const text = JSON.stringify(desiredOf({ ...largest, kick: JSON.stringify(kick) }));
  t.true(Buffer.byteLength(text) - Buffer.byteLength(row!.spec) <= recordBytes);
});
