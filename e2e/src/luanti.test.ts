import test from "ava";
import { joinLuanti } from "./clients/luanti.ts";
import { startStack } from "./stack/stack.ts";
import { swapFor, throughTiers } from "./stack/tiers.ts";

test("the real Luanti client joins a sleeping server: it wakes, he is in and counted, he leaves, it sleeps", async (t) => {
  t.timeout(400_000);
  await swapFor(t);
  const stack = await startStack(t);
  const { id, addresses } = await stack.api.create({ name: "blocks", game: "luanti", idleSeconds: 10 });
  t.is(addresses.length, 1, "the port of the player list is not public");
  const { host, port } = addresses[0]!;
  await stack.inState(id, "ready", { limitMs: 400_000 });
  await stack.inState(id, "hibernated");

  const ada = await joinLuanti({ host, port, name: "ada" });
  t.teardown(ada.leave);
  t.is((await stack.inState(id, "ready")).cause?.kind, "packet");
  const named = await stack.live.until("the API names the player", 30_000, async () => {
    const { players } = await stack.api.server(id);
    return players?.names?.includes("ada") ? players : undefined;
  });
  t.deepEqual(named, { online: 1, max: 15, names: ["ada"] });
  t.true(await ada.running());
  await ada.leave();
  const asleep = await stack.inState(id, "hibernated");
  t.is(asleep.error, null);
  t.is(asleep.tier, "paused");

  await stack.api.call("PATCH", `/api/v1/servers/${id}`, { idleSeconds: null });
  await throughTiers(t, stack, id, async () => {
    const again = await joinLuanti({ host, port, name: "ada" });
    await again.leave();
  });
});
