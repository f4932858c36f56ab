/**
 * A real Minecraft client (mineflayer) that joins with one TCP connection and never again: where that one is refused
 * or cut, it fails. Every wait has a limit.
 */
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import mineflayer from "mineflayer";
import { Vec3 } from "vec3";
import { withLimit } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";

export interface Position {
  x: number;
  y: number;
  z: number;
}

export interface Bot {
  /** TCP connections that were opened on the bot's behalf so far. */
  connections(): number;
  /** True from the spawn until either side ends the connection. */
  connected(): boolean;
  /** ms from the call to the spawn in the world. */
  spawnMs: number;
  /** Says something and waits until the server has sent it back. */
  say(words: string): Promise<void>;
  /** Shows that the connection still works both ways. */
  roundTrip(): Promise<void>;
  /**
   * Puts one block at each place, `x` and `z` from where the bot stands, `y` blocks above the ground there
   * (0: on the ground; what is below is filled). Answers where they are in the world.
   */
  placeBlocks(offsets: readonly Position[], block: string): Promise<Position[]>;
  /** Names of the blocks that the server shows at these positions. */
  readBlocks(positions: readonly Position[]): Promise<string[]>;
  /** Nothing of the bot is left afterwards. */
  leave(): Promise<void>;
}

export interface JoinOptions {
  host: string;
  port: number;
  username: string;
  version?: string;
  /** From the first packet to the spawn; a sleeping server has to wake within it. */
  limitMs?: number;
}

const stepMs = 10_000;
const hotbarSlot = 36;
/** The very module that mineflayer makes items with. */
const itemOf = createRequire(createRequire(import.meta.url).resolve("mineflayer"))("prismarine-item") as (
  registry: unknown,
) => new (id: number, count: number) => Parameters<Mineflayer["creative"]["setInventorySlot"]>[1];

type Mineflayer = ReturnType<typeof mineflayer.createBot>;

/** Resolves when the bot stands in the world. @throws Error when it was refused, kicked, cut off or too slow. */
export async function joinWorld({
  host,
  port,
  username,
  version = "1.16.5",
  limitMs = 60_000,
}: JoinOptions): Promise<Bot> {
  const began = performance.now();
  let opened = 0;
  let socket: Socket | undefined;
  const bot = mineflayer.createBot({
    username,
    version,
    auth: "offline",
    hideErrors: true,
    // Asks for nothing first: no status ping, no look-up of an SRV record, no second connection.
    connect: (client) => {
      opened++;
      socket = connect({ host, port, noDelay: true });
      client.setSocket(socket);
      socket.once("connect", () => client.emit("connect"));
    },
  });
  let alive = true;
  const ended = untilEnd(bot);
  ended.catch(() => (alive = false));
  const gone = (): Promise<void> => leave(bot, socket);
  try {
    await withLimit(
      systemTimers,
      limitMs,
      `${username}'s way into the world`,
      Promise.race([once(bot, "spawn"), ended]),
    );
  } catch (error) {
    await gone();
    throw error;
  }
  const step = <T>(what: string, work: Promise<T>): Promise<T> =>
    withLimit(systemTimers, stepMs, `${username}: ${what}`, Promise.race([work, ended]));
  return {
    spawnMs: performance.now() - began,
    connections: () => opened,
    connected: () => alive,
    say: (words) => step("an echo", echo(bot, username, words)),
    roundTrip: () => step("an echo", echo(bot, username, `echo ${++echoes}`)),
    placeBlocks: (offsets, block) => placeBlocks(bot, offsets, block, step),
    readBlocks: (positions) => step("the land around", readBlocks(bot, positions)),
    leave: gone,
  };
}

/** Rejects, with the reason, when the connection ends. */
function untilEnd(bot: Mineflayer): Promise<never> {
  let why = "";
  bot.on("error", (error) => void (why ||= error.message));
  bot.on("kicked", (reason) => void (why ||= `kicked: ${JSON.stringify(reason)}`));
  return new Promise((_resolve, reject) => {
    bot.once("end", (reason) => reject(new Error(`${bot.username ?? "the bot"} was cut off: ${why || reason}`)));
  });
}

async function leave(bot: Mineflayer, socket: Socket | undefined): Promise<void> {
  if (!socket || socket.destroyed) return;
  const closed = once(socket, "close");
  bot.end();
  await withLimit(systemTimers, 2000, "the goodbye", closed).catch(() => socket.destroy());
}

let echoes = 0;

async function echo(bot: Mineflayer, username: string, words: string): Promise<void> {
  const heard = new Promise<void>((resolve) => {
    const listen = (text: string): void => {
      if (!text.includes(words) || !text.includes(username)) return;
      bot.off("messagestr", listen);
      resolve();
    };
    bot.on("messagestr", listen);
  });
  bot.chat(words);
  await heard;
}

/** Mineflayer counts land as loaded that is still on its way. */
async function readBlocks(bot: Mineflayer, positions: readonly Position[]): Promise<string[]> {
  for (;;) {
    const blocks = positions.map(({ x, y, z }) => bot.blockAt(new Vec3(x, y, z)));
    if (blocks.every((block) => block !== null)) return blocks.map((block) => block.name);
    await once(bot, "chunkColumnLoad");
  }
}

type Step = <T>(what: string, work: Promise<T>) => Promise<T>;

async function placeBlocks(
  bot: Mineflayer,
  offsets: readonly Position[],
  name: string,
  step: Step,
): Promise<Position[]> {
  await step("the land around", bot.waitForChunksToLoad());
  await step(`${name} in the hand`, holdBlock(bot, name));
  const origin = bot.entity.position.floored();
  const placed: Position[] = [];
  for (const offset of offsets) {
    // A player's own place cannot be built on.
    const east = offset.x === 0 && offset.z === 0 ? 1 : offset.x;
    let ground = surface(bot, origin.offset(east, 0, offset.z));
    for (let i = 0; i <= offset.y; i++) {
      await step("a block", bot.placeBlock(bot.blockAt(ground)!, new Vec3(0, 1, 0)));
      ground = ground.offset(0, 1, 0);
    }
    placed.push({ x: ground.x, y: ground.y, z: ground.z });
  }
  return placed;
}

async function holdBlock(bot: Mineflayer, name: string): Promise<void> {
  const kind = bot.registry.itemsByName[name];
  if (!kind) throw new Error(`Minecraft ${bot.version} has no ${name}`);
  const Item = itemOf(bot.registry);
  await bot.creative.setInventorySlot(hotbarSlot, new Item(kind.id, 64));
  bot.setQuickBarSlot(0);
}

/** The highest block of this column that one can stand on. */
function surface(bot: Mineflayer, column: Vec3): Vec3 {
  for (let y = column.y + 16; y >= column.y - 64; y--) {
    const at = new Vec3(column.x, y, column.z);
    if (bot.blockAt(at)?.boundingBox === "block") return at;
  }
  throw new Error(`no ground at ${column.x}, ${column.z}`);
}
