import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { docker, holderOf, installationOf, gameOf } from "./stack/docker.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

/** Opens a TCP connection from inside a container's network: does a packet come back? */
function reaches(pid: number, address: string, port: number): boolean {
  try {
    execFileSync("nsenter", ["-t", String(pid), "-n", "busybox", "nc", "-w", "2", address, String(port)], {
      input: "",
      stdio: "pipe",
    });
    return true;
  } catch {
    return false;
  }
}
const pings = (pid: number, address: string): boolean => {
  try {
    execFileSync("nsenter", ["-t", String(pid), "-n", "busybox", "ping", "-c", "1", "-W", "2", address], {
      stdio: "pipe",
    });
    return true;
  } catch {
    return false;
  }
};

async function place(installation: string, id: string) {
  const holder = (await holderOf(installation, id))!;
  const network = Object.values(holder.NetworkSettings.Networks)[0]!;
  return { holder, pid: holder.State.Pid, address: network.IPAddress, gateway: network.Gateway };
}

test("two servers cannot reach each other but the gateway, and after a holder was restarted neither", async (t) => {
  t.timeout(180_000);
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const stack = await startStack(t, { env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  const [a, b] = await Promise.all(
    ["a", "b"].map((name) => stack.api.create({ name, game: "tiny", idleSeconds: null })),
  );
  await Promise.all([stack.inState(a!.id, "ready"), stack.inState(b!.id, "ready")]);
  const installation = await installationOf(stack.dataDir);
  const check = async (): Promise<void> => {
    const [one, two] = [await place(installation, a!.id), await place(installation, b!.id)];
    t.true(pings(one.pid, one.gateway), "the gateway answers");
    t.false(pings(one.pid, two.address), "the neighbour does not answer a ping");
    t.false(reaches(two.pid, one.address, 7000), "the neighbour's game cannot be reached");
  };
  await check();

  const events = (await stack.api.events(b!.id)).length;
  await docker.getContainer((await place(installation, b!.id)).holder.Id).kill();
  await stack.live.until("the lost holder is told", 60_000, async () =>
    (await stack.api.events(b!.id)).slice(0, -events).find((event) => event.kind === "holder_lost"),
  );
  const healed = await stack.inState(b!.id, "ready");
  t.is(await echo(healed.addresses[0]!.port, "back"), "back");
  await check();
});

/** A running container that says it belongs to this node, of a server that nobody knows. */
async function orphanOf(stack: Stack) {
  const node = JSON.parse(await readFile(join(stack.dataDir, "agent/node.json"), "utf8")) as Record<string, string>;
  const container = await docker.createContainer({
    Image: "playspawn-e2e/tiny:1",
    Labels: {
      "playspawn.installation": node["installationId"]!,
      "playspawn.node": node["nodeId"]!,
      "playspawn.server": "srv_00000000000000000000000000",
      "playspawn.role": "game",
      "playspawn.generation": "1",
      "playspawn.spec": "none",
    },
  });
  await container.start();
  return container;
}

/** The control plane is back after a `kill -9`: the node gets a full snapshot, and looks what stands without a record. */
async function sweeps(stack: Stack): Promise<void> {
  await stack.kill("control");
  await stack.start("control");
  await stack.connected();
}

/** The protocol: what is unknown is stopped by a second full snapshot, which the node asks for, that much later. */
const apartMs = 60_000;

test("two installations on one engine never see each other, though one sweeps its orphans twice", async (t) => {
  t.timeout(300_000);
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const env = { control: { PLAYSPAWN_GAMES_DIR: games.dir } };
  const [one, two] = [await startStack(t, { env }), await startStack(t, { env })];
  const create = (stack: Stack) => stack.api.create({ name: "mine", game: "tiny", idleSeconds: null });
  const [a, b] = await Promise.all([create(one), create(two)]);
  await Promise.all([one.inState(a.id, "ready"), two.inState(b.id, "ready")]);
  const gameTwo = await gameOf(await installationOf(two.dataDir), b.id);
  const orphan = await orphanOf(one);
  const orphanTwo = await orphanOf(two);

  await sweeps(one);
  const firstSweep = Date.now();
  await one.live.until("the orphan is stopped", 180_000, async () =>
    (await orphan.inspect().catch(() => undefined))?.State.Running ? undefined : true,
  );
  t.true(Date.now() - firstSweep >= apartMs, "one snapshot is not enough to stop anything");
  t.is((await one.inState(a.id, "ready")).have, "ready");
  t.true((await orphanTwo.inspect()).State.Running, "the other's orphan is the other's business");
  const after = await gameOf(await installationOf(two.dataDir), b.id);
  t.is(after?.Id, gameTwo?.Id);
  t.is(after?.State.StartedAt, gameTwo?.State.StartedAt);
});
