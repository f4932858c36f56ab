import test from "ava";
import { joinWorld } from "./clients/minecraft.ts";
import { gameOf, installationOf } from "./stack/docker.ts";
import { startStack } from "./stack/stack.ts";

/** A whole number in [from, to], another one in every run. */
const between = (from: number, to: number): number => from + Math.floor(Math.random() * (to - from + 1));

test("a bot's login is held while the world wakes, and what it builds outlives save, sleep and the container", async (t) => {
  t.timeout(400_000);
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

  const first = await joinWorld({ host, port, username: "builder" });
  t.is(first.connections(), 1);
  const woken = await stack.inState(id, "ready");
  t.is(woken.cause?.kind, "packet");

  const blocks = [0, 1, 2].map((i) => ({ x: between(-6, 6), y: i, z: between(-6, 6) }));
  const placed = await first.placeBlocks(blocks, "stone");
  await first.leave();

  await stack.inState(id, "hibernated", { tier: "paused" });
  const slept = (await stack.api.events(id)).find((event) => event.kind === "sleep");
  t.is(slept?.data["connections"], 1, "one TCP accept at the door");
  await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, { tier: "cold" });
  await stack.inState(id, "hibernated", { tier: "cold" });
  t.is(await gameOf(installation, id), undefined, "the game container is gone");

  const second = await joinWorld({ host, port, username: "reader" });
  t.teardown(() => second.leave());
  t.deepEqual(
    await second.readBlocks(placed),
    placed.map(() => "stone"),
  );
});
