/** A world in which somebody plays while a process of ours is killed beside him. */
import type { Tier } from "@playspawn/shared";
import type { ExecutionContext } from "ava";
import { type Bot, joinWorld } from "../clients/minecraft.ts";
import type { Server } from "./api.ts";
import { gameOf, installationOf, ours } from "./docker.ts";
import type { Part } from "./processes.ts";
import { type Stack, startStack } from "./stack.ts";
import { swapFor } from "./tiers.ts";
import { echo, gamesWithTiny } from "./tiny.ts";

export interface Scene {
  stack: Stack;
  /** Plays in a Minecraft world that must not notice anything. */
  bot: Bot;
  world: Server;
  /** Sleeps and is woken. */
  tiny: Server;
  startedAt: string;
}

export async function scene(t: ExecutionContext): Promise<Scene> {
  const games = await gamesWithTiny();
  await swapFor(t);
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

export async function nothingNoticed(t: ExecutionContext, { stack, bot, world, startedAt }: Scene): Promise<void> {
  t.true(bot.connected(), "the bot still plays");
  await bot.roundTrip();
  t.is(await startOf(stack, world.id), startedAt, "the world was not restarted");
}

export async function asleep({ stack, tiny }: Scene, tier: Tier = "held"): Promise<void> {
  await stack.api.call("POST", `/api/v1/servers/${tiny.id}/hibernate`, { tier });
  await stack.inState(tiny.id, "hibernated", { tier });
}

/** Points that a server passes while it falls asleep, and how deep it is to sleep then; all others lie on its wake. */
const onTheWayTo: Record<string, Tier> = {
  "game.saved": "held",
  "game.paused": "paused",
  "memory.reclaimed": "deep",
  "game.stopped": "held",
  "log.kept": "held",
};
/** Points that only the wake from one tier passes: a held server has all that already, but nothing to thaw. */
const onTheWayFrom: Record<string, Tier> = {
  "image.ready": "cold",
  "files.ready": "cold",
  "holder.ready": "cold",
  "container.created": "cold",
  "game.thawed": "paused",
};

/** Arms a point in one process, pushes the tiny server over it, sees the process die there, and starts it anew. */
export async function dieAt(scene: Scene, part: Part, point: string): Promise<void> {
  const { stack, tiny } = scene;
  const tier = onTheWayTo[point];
  const push = tier ? "hibernate" : "wake";
  if (push === "wake") await asleep(scene, onTheWayFrom[point]);
  else await echo(tiny.addresses[0]!.port, "up").then(() => stack.inState(tiny.id, "ready"));
  await stack.kill(part, "SIGTERM");
  await stack.start(part, { PLAYSPAWN_FAILPOINT: point });
  await stack.connected();
  const pushed = stack.api.call("POST", `/api/v1/servers/${tiny.id}/${push}`, tier && { tier }).catch(() => {});
  await stack.died(part);
  await stack.start(part);
  await stack.connected();
  await pushed;
}

/** The wake is finished, or was undone so that the next one works; either way one game runs and plays. */
export async function healed(t: ExecutionContext, { stack, tiny }: Scene, point: string): Promise<void> {
  const port = tiny.addresses[0]!.port;
  t.is(await echo(port, point), point, `${point}: the game answers through the public port`);
  await stack.inState(tiny.id, "ready");
  const { containers } = await ours(await installationOf(stack.dataDir));
  const mine = containers.filter((container) => container.Labels["playspawn.server"] === tiny.id);
  t.is(mine.length, 2, `${point}: one holder and one game`);
}
