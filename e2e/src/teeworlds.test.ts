import test from "ava";
import { teeworldsInfo } from "@playspawn/node-agent/readiness/teeworlds.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { enterTeeworlds, wakeTeeworlds } from "./clients/teeworlds.ts";
import { startStack } from "./stack/stack.ts";

test("the real Teeworlds client enters a sleeping server with one connect, and so does a crafted join; a list wakes nobody", async (t) => {
  t.timeout(400_000);
  const stack = await startStack(t);
  const { id, addresses } = await stack.api.create({ name: "tee", game: "teeworlds", idleSeconds: null });
  const { host, port } = addresses[0]!;
  await stack.inState(id, "ready", { limitMs: 300_000 });
  const hibernate = async (): Promise<void> => {
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`);
    await stack.inState(id, "hibernated");
  };

  await hibernate();
  const wakes = async (): Promise<number> => (await stack.api.events(id)).filter(({ kind }) => kind === "wake").length;
  const before = await wakes();
  const listed = await teeworldsInfo(systemPorts, { address: host, port }, 500, AbortSignal.timeout(5000));
  t.deepEqual(listed, { online: 0, max: 16 });
  t.is(await wakes(), before);
  t.is((await stack.api.server(id)).have, "hibernated");
  await wakeTeeworlds({ host, port });
  t.is((await stack.inState(id, "ready")).cause?.kind, "packet");

  await hibernate();
  const client = await enterTeeworlds({ host, port, name: "sleeper" });
  t.teardown(client.leave);
  t.is((await stack.inState(id, "ready")).cause?.kind, "packet");
  const log = await stack.live.until("the game names the player", 60_000, async () => {
    const response = await fetch(`${stack.url}/api/v1/servers/${id}/logs?tail=500`, {
      headers: { authorization: `Bearer ${stack.api.token}` },
    });
    const text = await response.text();
    return text.includes("team_join player=") ? text : undefined;
  });
  t.regex(log, /has entered the game[^]*team_join player='\d+:sleeper'/);
  const seen = await stack.live.until("the API names the player", 30_000, async () =>
    (await stack.api.server(id)).players?.names?.includes("sleeper"),
  );
  t.true(seen);
});
