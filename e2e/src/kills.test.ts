import test, { type ExecutionContext } from "ava";
import { failpointNames as agentFailpoints } from "@playspawn/node-agent/failpoints.ts";
import { failpointNames as controlFailpoints } from "@playspawn/control-plane/platform/failpoints.ts";
import { type Bot, joinWorld } from "./clients/minecraft.ts";
import type { Server } from "./stack/api.ts";
import { gameOf, installationOf, ours } from "./stack/docker.ts";
import type { Part } from "./stack/processes.ts";
import { type Stack, startStack } from "./stack/stack.ts";
import { echo, gamesWithTiny } from "./stack/tiny.ts";

interface Scene {
  stack: Stack;
  /** Plays in a Minecraft world that must not notice anything. */
  bot: Bot;
  world: Server;
  /** Sleeps and is woken. */
  tiny: Server;
  startedAt: string;
}

async function scene(t: ExecutionContext): Promise<Scene> {
  const games = await gamesWithTiny();
  t.teardown(games.remove);
  const stack = await startStack(t, { env: { control: { PLAYSPAWN_GAMES_DIR: games.dir } } });
  const [world, tiny] = await Promise.all([
    stack.api.create({ name: "world", game: "minecraft", idleSeconds: null }),
    stack.api.create({ name: "tiny", game: "tiny", idleSeconds: null }),
  ]);
  await Promise.all([stack.inState(world.id, "ready", { limitMs: 300_000 }), stack.inState(tiny.id, "ready")]);
  const bot = await joinWorld({ host: "127.0.0.1", port: world.addresses[0]!.port, username: "watcher" });
  t.teardown(() => bot.leave());
  const startedAt = await startOf(stack, world.id);
  return { stack, bot, world, tiny, startedAt };
}

const startOf = async (stack: Stack, id: string): Promise<string> =>
  (await gameOf(await installationOf(stack.dataDir), id))!.State.StartedAt;

async function nothingNoticed(t: ExecutionContext, { stack, bot, world, startedAt }: Scene): Promise<void> {
  t.true(bot.connected(), "the bot still plays");
  await bot.roundTrip();
  t.is(await startOf(stack, world.id), startedAt, "the world was not restarted");
}

async function asleep({ stack, tiny }: Scene, tier: "held" | "cold" = "held"): Promise<void> {
  await stack.api.call("POST", `/api/v1/servers/${tiny.id}/hibernate`, { tier });
  await stack.inState(tiny.id, "hibernated", { tier });
}

/** Points that a server passes while it falls asleep; all others lie on its wake. */
const onTheWayToSleep = new Set<string>(["game.saved", "game.stopped", "log.kept"]);
/** Points that only the wake of a cold server passes: a held one has all that already. */
const onTheWayFromCold = new Set<string>(["image.ready", "files.ready", "holder.ready", "container.created"]);

/** Points that no wake passes; see life.test.ts. */
const beyondWakes = new Set<string>(["update.begun", "unit.removed"]);

/** Arms a point in one process, pushes the tiny server over it, sees the process die there, and starts it anew. */
async function dieAt(scene: Scene, part: Part, point: string): Promise<void> {
  const { stack, tiny } = scene;
  const push = onTheWayToSleep.has(point) ? "hibernate" : "wake";
  if (push === "wake") await asleep(scene, onTheWayFromCold.has(point) ? "cold" : "held");
  else await echo(tiny.addresses[0]!.port, "up").then(() => stack.inState(tiny.id, "ready"));
  await stack.kill(part, "SIGTERM");
  await stack.start(part, { PLAYSPAWN_FAILPOINT: point });
  await stack.connected();
  const pushed = stack.api.call("POST", `/api/v1/servers/${tiny.id}/${push}`).catch(() => {});
  const { signal } = await stack.parts[part].exited;
  if (signal !== "SIGKILL") throw new Error(`${part} did not die at ${point}`);
  await stack.start(part);
  await stack.connected();
  await pushed;
}

/** The wake is finished, or was undone so that the next one works; either way one game runs and plays. */
async function healed(t: ExecutionContext, { stack, tiny }: Scene, point: string): Promise<void> {
  const port = tiny.addresses[0]!.port;
  t.is(await echo(port, point), point, `${point}: the game answers through the public port`);
  await stack.inState(tiny.id, "ready");
  const { containers } = await ours(await installationOf(stack.dataDir));
  const mine = containers.filter((container) => container.Labels["playspawn.server"] === tiny.id);
  t.is(mine.length, 2, `${point}: one holder and one game`);
}

test.serial(
  "kill -9 of the control plane at every step of a wake: the player notices nothing and the wake completes",
  async (t) => {
    t.timeout(600_000);
    t.true(controlFailpoints.length > 0);
    t.log(`failpoints: ${controlFailpoints.join(", ")}`);
    const here = await scene(t);
    for (const point of controlFailpoints) {
      await dieAt(here, "control", point);
      await healed(t, here, point);
      await nothingNoticed(t, here);
    }
  },
);

test.serial(
  "kill -9 of the agent at every step of a wake: players play on, containers are adopted, the wake is finished",
  async (t) => {
    t.timeout(600_000);
    t.true(agentFailpoints.length > 0);
    t.log(`failpoints: ${agentFailpoints.join(", ")}`);
    const here = await scene(t);
    for (const point of agentFailpoints.filter((name) => !beyondWakes.has(name))) {
      await dieAt(here, "agent", point);
      await healed(t, here, point);
      await nothingNoticed(t, here);
    }
  },
);

test.serial(
  "a packet wakes a server while the control plane is dead, and the wake is told when it is back",
  async (t) => {
    t.timeout(300_000);
    const here = await scene(t);
    await asleep(here);
    const before = (await here.stack.api.events(here.tiny.id)).filter((event) => event.kind === "wake").length;
    await here.stack.kill("control");
    t.is(await echo(here.tiny.addresses[0]!.port, "alone"), "alone");
    await here.stack.start("control");
    await here.stack.inState(here.tiny.id, "ready");
    await here.stack.live.until("the wake is told", 30_000, async () => {
      const wakes = (await here.stack.api.events(here.tiny.id)).filter((event) => event.kind === "wake");
      return wakes.length === before + 1 && wakes[0]!.cause?.kind === "packet" ? true : undefined;
    });
    await nothingNoticed(t, here);
  },
);

test.serial("kill -9 of the agent while a bot plays: nothing restarts, and the server is known again", async (t) => {
  t.timeout(300_000);
  const here = await scene(t);
  const installation = await installationOf(here.stack.dataDir);
  const running = async (): Promise<string[]> =>
    (await ours(installation)).containers.map(({ Id, State }) => `${Id} ${State}`).toSorted();
  const before = await running();
  await here.stack.kill("agent");
  await nothingNoticed(t, here);
  await here.stack.start("agent");
  await here.stack.connected();
  await here.stack.inState(here.world.id, "ready");
  await nothingNoticed(t, here);
  t.deepEqual(await running(), before);
});
