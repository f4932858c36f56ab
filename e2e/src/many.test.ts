import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import test from "ava";
import { docker, inventory, installationOf, ours } from "./stack/docker.ts";
import { startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

const listening = (): string[] => {
  const table = execFileSync("ss", ["-Hltun"], { encoding: "utf8" });
  return table
    .split("\n")
    .map((line) => line.split(/\s+/).slice(0, 5).join(" "))
    .toSorted();
};
const nft = (): string => execFileSync("/usr/sbin/nft", ["-s", "list", "ruleset"], { encoding: "utf8" });

/** Fifty at once share two cores. */
const slow = { limitMs: 180_000 };

/** The most spans that were open at one moment. */
function overlapOf(spans: { from: number; to: number }[]): number {
  return Math.max(...spans.map(({ from }) => spans.filter((span) => span.from <= from && from < span.to).length));
}

test("50 servers are created, woken, hibernated and deleted, many at a time, and nothing is left or touched", async (t) => {
  t.timeout(600_000);
  const games = await gamesWithTiny();
  const stack = await startStack(t, { env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  t.teardown(games.remove);
  const foreign = await docker.createContainer({ Image: "playspawn-e2e/tiny:1", name: `foreign-${process.pid}` });
  await foreign.start();
  const network = await docker.createNetwork({
    Name: `foreign-${process.pid}`,
    IPAM: { Config: [{ Subnet: "10.254.7.0/28" }] },
  });
  const volume = await docker.createVolume({ Name: `foreign-${process.pid}` });
  t.teardown(async () => {
    await foreign.remove({ force: true });
    await network.remove();
    await volume.remove({});
  });
  const installation = await installationOf(stack.dataDir);
  const first = await stack.api.create({ name: "first", game: "tiny" });
  await stack.inState(first.id, "ready", slow);
  const before = { ...(await inventory()), listening: listening(), nft: nft() };

  const spans: { from: number; to: number }[] = [];
  const life = async (n: number): Promise<void> => {
    const from = performance.now();
    const { id } = await stack.api.create({ name: `many ${n}`, game: "tiny", idleSeconds: null });
    const awake = await stack.inState(id, "ready", slow);
    t.is(await echo(awake.addresses[0]!.port, `one ${n}`), `one ${n}`);
    await stack.api.call("POST", `/api/v1/servers/${id}/hibernate`, n % 2 ? { tier: "cold" } : undefined);
    const asleep = await stack.inState(id, "hibernated", slow);
    t.is(await echo(asleep.addresses[0]!.port, `two ${n}`, 60_000), `two ${n}`);
    await stack.inState(id, "ready", slow);
    await stack.api.call("DELETE", `/api/v1/servers/${id}`);
    await stack.live.until(`${id} gone`, 120_000, async () =>
      (await stack.api.servers()).some((server) => server.id === id) ? undefined : true,
    );
    spans.push({ from, to: performance.now() });
  };
  await Promise.all(Array.from({ length: 50 }, (_, n) => life(n)));

  t.is(spans.length, 50);
  t.true(overlapOf(spans) >= 20, `only ${overlapOf(spans)} overlapped`);
  t.deepEqual({ ...(await inventory()), listening: listening(), nft: nft() }, before);
  t.is((await ours(installation)).containers.length, 2);
});

test("a port that something else listens on is never leased", async (t) => {
  t.timeout(120_000);
  const games = await gamesWithTiny();
  const stack = await startStack(t, { ports: 4, env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  t.teardown(games.remove);
  const [from] = stack.env("agent")["PLAYSPAWN_PORT_RANGE"]!.split("-").map(Number);
  const foreign = createServer().listen(from, "0.0.0.0");
  t.teardown(() => foreign.close());
  const created = await Promise.all([1, 2, 3].map((n) => stack.api.create({ name: `s${n}`, game: "tiny" })));
  t.deepEqual(created.map((server) => server.addresses[0]!.port).toSorted(), [from! + 1, from! + 2, from! + 3]);
  await t.throwsAsync(stack.api.create({ name: "taken", game: "tiny", ports: { game: from } }), {
    message: /^409 port_taken/,
  });
  await t.throwsAsync(stack.api.create({ name: "full", game: "tiny" }), { message: /^409 ports_exhausted/ });
});
