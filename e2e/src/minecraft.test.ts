import test from "ava";
import { joinWorld } from "./clients/minecraft.ts";
import { gameOf, installationOf } from "./stack/docker.ts";
import { startStack } from "./stack/stack.ts";
import { swapFor, throughTiers } from "./stack/tiers.ts";

/** A whole number in [from, to], another one in every run. */
const between = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from + 1));

test("a login by nobody on the list is turned away in the game, one on it is held while the world wakes, and what it builds outlives save, sleep and the container", async (t) => {
  t.timeout(400_000);
  await swapFor(t);
  const stack = await startStack(t);
  const { id, addresses } = await stack.api.create({ name: "world", game: "minecraft", idleSeconds: 3 });
  const { host, port } = addresses[0]!;
  await stack.inState(id, "ready", { limitMs: 400_000 });
  await stack.inState(id, "hibernated", { tier: "paused" });
  const installation = await installationOf(stack.dataDir);
  t.true((await gameOf(installation, id))?.State.Paused);
  await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "held" });
  await stack.inState(id, "hibernated", { tier: "held" });
  t.false((await gameOf(installation, id))?.State.Running ?? false);

  const wakeAllow = { addresses: [], names: ["builder", "reader"] };
  await stack.api.call("PATCH", `/api/v1/servers/${id}`, { wakeAllow });
  await t.throwsAsync(joinWorld({ host, port, username: "stranger" }), { message: /not among those who may wake it/ });
  const refused = await stack.live.until("it is told who was turned away", 30_000, async () =>
    (await stack.api.events(id)).find(({ kind }) => kind === "refused"),
  );
  t.like(refused.data, { reason: "not_allowed", count: 1 });
  t.is((await stack.api.server(id)).have, "hibernated");

  const first = await joinWorld({ host, port, username: "builder" });
  t.is(first.connections(), 1);
  const woken = await stack.inState(id, "ready");
  t.is(woken.cause?.kind, "packet");

  const blocks = [0, 1, 2].map((i) => ({ x: between(-6, 6), y: i, z: between(-6, 6) }));
  const placed = await first.placeBlocks(blocks, "stone");
  await first.leave();

  await stack.inState(id, "hibernated", { tier: "paused" });
  const slept = (await stack.api.events(id)).find((event) => event.kind === "sleep");
  t.is(slept?.data["connections"], 2, "one TCP accept at the door each, of him and of the stranger");
  await stack.api.call("PATCH", `/api/v1/servers/${id}`, { idleSeconds: null });
  await throughTiers(t, stack, id, async () => {
    const reader = await joinWorld({ host, port, username: "reader" });
    t.deepEqual(
      await reader.readBlocks(placed),
      placed.map(() => "stone"),
    );
    await reader.leave();
  });
});
