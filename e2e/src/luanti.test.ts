import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import test from "ava";
import { joinLuanti } from "./clients/luanti.ts";
import { holderOf, installationOf } from "./stack/docker.ts";
import { startStack } from "./stack/stack.ts";
import { swapFor, throughTiers } from "./stack/tiers.ts";

/** An address that players elsewhere dial: of a card, not of a bridge, and not loopback, which the door relays. */
function ownAddress(): string {
  const cards = Object.entries(networkInterfaces()).filter(([name]) => !existsSync(`/sys/class/net/${name}/bridge`));
  const found = cards.flatMap(([, list]) => list ?? []).find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new Error("This machine has no address that anybody could dial.");
  return found.address;
}

/** Of the games that the kernel leads a client's packets to: the address, and who answers it. */
const translated = async (port: number): Promise<string> =>
  (await promisify(execFile)("conntrack", ["-L", "-p", "udp", "--orig-port-dst", String(port)])).stdout;

test("the real Luanti client joins a sleeping server: it wakes, he is in and counted, he leaves, it sleeps", async (t) => {
  t.timeout(400_000);
  await swapFor(t);
  const stack = await startStack(t, { env: { agent: { PLAYSPAWN_NODE_ADDRESS: ownAddress() } } });
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
  await stack.live.until("the node says who carries packets", 30_000, async () =>
    (await stack.api.nodes()).some(({ capabilities }) => capabilities["path"] === "kernel"),
  );
  const holder = Object.values((await holderOf(await installationOf(stack.dataDir), id))!.NetworkSettings.Networks)[0]!;
  t.regex(await translated(port), new RegExp(`dport=${port} src=${holder.IPAddress} `), "past the door");
  await ada.leave();
  const asleep = await stack.inState(id, "hibernated");
  t.is(asleep.error, null);
  t.is(asleep.tier, "paused");

  await stack.api.call("PATCH", `/api/v1/servers/${id}`, { idleSeconds: null });
  await throughTiers(t, stack, id, async (tier) => {
    // Who leaves while still loading is in no count, and the game keeps the name for half a minute.
    const again = await joinLuanti({ host, port, name: `ada_${tier}` });
    await again.leave();
  });
});
