import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import test from "ava";
import { docker, fingerprint, installationOf, ours, testLabels } from "./stack/docker.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

/** What an operator sees of one installation: containers, networks, volumes, bound ports, packet filter. */
async function traces(installation: string, { from, to }: { from: number; to: number }) {
  const { containers, networks } = await ours(installation);
  const bridges = networks.map((network) => network.Options?.["com.docker.network.bridge.name"] ?? "?");
  const { Volumes: volumes } = await docker.listVolumes();
  const sockets = execFileSync("ss", ["-Hltun"], { encoding: "utf8" }).split("\n");
  const inRange = (line: string): boolean => {
    const port = Number(/:(\d+) /.exec(line)?.[1]);
    return port >= from && port <= to;
  };
  const rules = execFileSync("/usr/sbin/nft", ["-s", "list", "ruleset"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return {
    containers: containers.map(({ Id, State }) => `${Id} ${State}`).toSorted(),
    networks: networks.map(({ Id }) => Id),
    volumes: volumes.filter((volume) => JSON.stringify(volume).includes(installation)).map(({ Name }) => Name),
    listening: sockets.filter(inRange).toSorted(),
    rules: rules.split("\n").filter((line) => bridges.some((bridge) => line.includes(bridge))),
  };
}

function rangeOf(stack: Stack): { from: number; to: number } {
  const [from, to] = stack.env("agent")["PLAYSPAWN_PORT_RANGE"]!.split("-").map(Number);
  return { from: from!, to: to! };
}

/** Fifty at once share two cores. */
const slow = { limitMs: 180_000 };

/** The most spans that were open at one moment. */
function overlapOf(spans: { from: number; to: number }[]): number {
  return Math.max(...spans.map(({ from }) => spans.filter((span) => span.from <= from && from < span.to).length));
}

test("50 servers are created, woken, hibernated and deleted, many at a time, and nothing is left or touched", async (t) => {
  t.timeout(400_000);
  const games = await gamesWithTiny();
  const stack = await startStack(t, { env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  t.teardown(games.remove);
  const foreign = await docker.createContainer({
    Image: "playspawn-e2e/tiny:1",
    name: `foreign-${process.pid}`,
    Labels: testLabels,
  });
  await foreign.start();
  const network = await docker.createNetwork({
    Name: `foreign-${process.pid}`,
    Labels: testLabels,
    IPAM: { Config: [{ Subnet: "10.254.7.0/28" }] },
  });
  const volume = await docker.createVolume({ Name: `foreign-${process.pid}`, Labels: testLabels });
  t.teardown(async () => {
    await foreign.remove({ force: true });
    await network.remove();
    await volume.remove({});
  });
  const installation = await installationOf(stack.dataDir);
  const first = await stack.api.create({ name: "first", game: "tiny" });
  await stack.inState(first.id, "ready", slow);
  const range = rangeOf(stack);
  const before = await traces(installation, range);
  t.is(before.listening.length, 1, "the first server's port");
  t.true(before.rules.length > 0, "the engine's rules for our bridge");
  const names = { container: foreign.id, network: network.id, volume: volume.name };
  const untouched = await fingerprint(names);

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
    await stack.api.call("DELETE", `/api/v1/servers/${id}?purge=true`);
    await stack.live.until(`${id} gone`, 120_000, async () =>
      (await stack.api.servers()).some((server) => server.id === id) ? undefined : true,
    );
    spans.push({ from, to: performance.now() });
  };
  await Promise.all(Array.from({ length: 50 }, (_, n) => life(n)));

  t.is(spans.length, 50);
  t.true(overlapOf(spans) >= 20, `only ${overlapOf(spans)} overlapped`);
  t.deepEqual(await traces(installation, range), before);
  t.is(before.containers.length, 2);
  t.deepEqual(await fingerprint(names), untouched);
});

test("a port that something else listens on is never leased", async (t) => {
  t.timeout(120_000);
  const games = await gamesWithTiny();
  const stack = await startStack(t, { ports: 4, env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  t.teardown(games.remove);
  const { from } = rangeOf(stack);
  const foreign = createServer().listen(from, "0.0.0.0");
  t.teardown(() => foreign.close());
  const created = await Promise.all([1, 2, 3].map((n) => stack.api.create({ name: `s${n}`, game: "tiny" })));
  t.deepEqual(created.map((server) => server.addresses[0]!.port).toSorted(), [from + 1, from + 2, from + 3]);
  await t.throwsAsync(stack.api.create({ name: "taken", game: "tiny", ports: { game: from } }), {
    message: /^409 port_taken/,
  });
  await t.throwsAsync(stack.api.create({ name: "full", game: "tiny" }), { message: /^409 ports_exhausted/ });
});
