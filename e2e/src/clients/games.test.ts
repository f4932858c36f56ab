import test from "ava";
import type { Players, QueryKind, ServerSpec } from "@playspawn/shared";
import { readiness } from "@playspawn/node-agent/readiness/probe.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { gameContainer } from "./container.ts";
import { joinLuanti } from "./luanti.ts";
import { joinWorld } from "./minecraft.ts";
import { connectQuake3, statusQuake3 } from "./quake3.ts";
import { enterTeeworlds, knockTeeworlds } from "./teeworlds.ts";

type Asked = { address: string; port: number; kind: QueryKind };

const players = ({ address, port, kind }: Asked, signal: AbortSignal): Promise<Players> =>
  readiness(systemPorts).players({ address, spec: specOf(port, kind) }, signal);

const specOf = (container: number, query: QueryKind): ServerSpec => ({
  game: "a-game",
  image: { ref: "a-game" },
  env: {},
  ports: [{ name: "game", protocol: "udp", container, public: 1 }],
  volumes: {},
  user: "auto",
  profile: "strict",
  cpu: 1,
  memoryBytes: 1,
  readiness: { anyOf: [{ query, port: "game" }], limitSeconds: 10 },
  stop: { signal: "SIGTERM", limitSeconds: 1 },
  players: { query, port: "game" },
});

const limit = (): AbortSignal => AbortSignal.timeout(10_000);
const between = (from: number, to: number): number => from + Math.floor(systemPorts.rng.float() * (to - from + 1));
const somewhere = () => [0, 1, 2].map((y) => ({ x: between(-6, 6), y, z: between(-6, 6) }));

/** A client that is still on its way in is counted, but has no name yet. */
async function untilNamed(asked: Asked): ReturnType<typeof players> {
  for (let tries = 0; tries < 50; tries++) {
    const found = await players(asked, limit());
    if (found.names) return found;
    await systemPorts.timers.sleep(100);
  }
  throw new Error("nobody is named within five seconds");
}

/** Asks slowly: Quake 3 answers an address ten times at once, then once in a second. */
async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    if (await is()) return;
    await systemPorts.timers.sleep(1500);
  }
  throw new Error(`no ${what} within a minute`);
}

const untilOnline = (asked: Asked, online: number): Promise<void> =>
  until(`count of ${online}`, async () => (await players(asked, limit())).online === online);

const minecraft = { memory: 512 * 1024 ** 2, port: 25565 };
const ready = /^ready:/;
const saved = /^saved \d+ chunks/;

test("blocks are on disk when Minecraft says saved: killed at once and started again, it still has them", async (t) => {
  const game = await gameContainer(t, "minecraft", { ...minecraft, env: ["VIEW_DISTANCE=3"] });
  await game.start(ready);
  const builder = await joinWorld({ host: game.address, port: minecraft.port, username: "builder" });
  t.teardown(() => builder.leave());
  const placed = await builder.placeBlocks(somewhere(), "gold_block");
  // The builder stays: what is saved does not depend on somebody's leaving.
  await game.command("save", saved);
  await game.signal("SIGKILL");
  t.is(await game.ended(), 137);
  t.false(builder.connected());

  await game.start(ready);
  const reader = await joinWorld({ host: game.address, port: minecraft.port, username: "reader" });
  t.teardown(() => reader.leave());
  t.deepEqual(await reader.readBlocks(placed), ["gold_block", "gold_block", "gold_block"]);
});

for (const [how, version] of [
  ["stop", "1.16.5"],
  ["SIGTERM", "1.21.4"],
] as const)
  test(`Minecraft ${version} saves before it ends by ${how}, and ends well`, async (t) => {
    const game = await gameContainer(t, "minecraft", { ...minecraft, env: [`VERSION=${version}`, "TERRAIN=hills"] });
    await game.start(ready);
    const builder = await joinWorld({ host: game.address, port: minecraft.port, username: "builder", version });
    t.teardown(() => builder.leave());
    const placed = await builder.placeBlocks(somewhere(), "stone");
    if (how === "stop") await game.command("stop", saved);
    else await game.signal("SIGTERM");
    t.is(await game.ended(), 0);
    t.regex(await game.log(), /^saved \d+ chunks/m);

    await game.start(ready);
    const reader = await joinWorld({ host: game.address, port: minecraft.port, username: "reader", version });
    t.teardown(() => reader.leave());
    t.deepEqual(await reader.readBlocks(placed), ["stone", "stone", "stone"]);
  });

test("Minecraft counts and names its players, and a chat line cannot pass for a line of the server", async (t) => {
  const game = await gameContainer(t, "minecraft", { ...minecraft, env: ["MAX_PLAYERS=3"] });
  await game.start(ready);
  const asked = { address: game.address, port: minecraft.port, kind: "minecraft" as const };
  t.deepEqual(await players(asked, limit()), { online: 0, max: 3 });
  const bot = await joinWorld({ host: game.address, port: minecraft.port, username: "ada" });
  t.deepEqual(await players(asked, limit()), { online: 1, max: 3, names: ["ada"] });
  await bot.say("saved 5 chunks and 1 players");
  t.notRegex(await game.log(), /^saved/m);
  await bot.leave();
  t.is((await players(asked, limit())).online, 0);
});

test("Minecraft refuses settings that cannot be, all in one go", async (t) => {
  const game = await gameContainer(t, "minecraft", { ...minecraft, env: ["VERSION=0.1", "MAX_PLAYERS=0"] });
  await game.start(/MAX_PLAYERS must be 1 to 100/);
  t.is(await game.ended(), 78);
});

test("the real Teeworlds client enters with one connect; the server counts and names it, also after it left", async (t) => {
  const env = ['SERVER_NAME=A "quoted" \\ name; sv_map dm2', "MAP=ctf3", "GAMETYPE=ctf"];
  const game = await gameContainer(t, "teeworlds", { memory: 128 * 1024 ** 2, env });
  await game.start(/server name is 'A "quoted" \\ name; sv_map dm2'/);
  t.regex(await game.log(), /maps\/ctf3.map/);
  const asked = { address: game.address, port: 8303, kind: "teeworlds" as const };
  t.true((await knockTeeworlds({ host: game.address, port: 8303 })) < 1000);
  t.deepEqual(await players(asked, limit()), { online: 0, max: 16 });
  const client = await enterTeeworlds({ host: game.address, port: 8303, name: "ada" });
  t.teardown(client.leave);
  t.deepEqual(await untilNamed(asked), { online: 1, max: 16, names: ["ada"] });
  t.true(client.running());
  await client.leave();
  t.false(client.running());
  t.is((await players(asked, limit())).online, 0);
});

test("Teeworlds refuses settings that cannot be", async (t) => {
  for (const [setting, reason] of [
    ["MAP=../../etc/passwd", /sv_map must be letters/],
    ["MAX_PLAYERS=65", /sv_max_clients must be 1 to 64/],
    ["MOTD=a\nquit", /sv_motd must not contain control characters/],
  ] as const) {
    const game = await gameContainer(t, "teeworlds", { memory: 128 * 1024 ** 2, env: [setting] });
    await game.start(reason);
    t.is(await game.ended(), 64);
  }
});

test("the real Luanti client joins; the server names it, and nobody any more when it left", async (t) => {
  const env = ['SERVER_NAME=A name = with { """ }', "CREATIVE=true", "MAX_PLAYERS=4", "PASSWORD=one two"];
  const game = await gameContainer(t, "luanti", { memory: 512 * 1024 ** 2, env });
  await game.start(/listening on 0\.0\.0\.0:30000/);
  const asked = { address: game.address, port: 30_001, kind: "http" as const };
  t.deepEqual(await players(asked, limit()), { online: 0, max: 4 });
  const ada = await joinLuanti({ host: game.address, port: 30_000, name: "ada", password: "one two" });
  t.teardown(ada.leave);
  t.deepEqual(await untilNamed(asked), { online: 1, max: 4, names: ["ada"] });
  t.true(await ada.running());
  await ada.leave();
  await untilOnline(asked, 0);
  await game.signal("SIGTERM");
  t.is(await game.ended(), 0);
});

test("OpenArena counts people and not its bots, and gives a lost player up", async (t) => {
  const env = ["BOTS=2", "LOST_SECONDS=5", "SERVER_NAME=A name with // and $"];
  const game = await gameContainer(t, "openarena", { memory: 256 * 1024 ** 2, env });
  await game.start(/AAS initialized/);
  const at = { host: game.address, port: 27_960 };
  const asked = { address: game.address, port: at.port, kind: "quake3" as const };
  const bots = async (): Promise<number> => [...(await statusQuake3(at)).matchAll(/^-?\d+ 0 "/gm)].length;
  await until("two bots", async () => (await bots()) === 2);
  t.regex(await statusQuake3(at), /\\sv_hostname\\A name with \/\/ and \$\\/);
  t.deepEqual(await players(asked, limit()), { online: 0, max: 16 });
  await connectQuake3({ ...at, name: "ada" });
  t.deepEqual(await untilNamed(asked), { online: 1, max: 16, names: ["ada"] });
  await untilOnline(asked, 0);
  await game.signal("SIGTERM");
  await game.ended();
  t.regex(await game.log(), /Server Shutdown|AAS shutdown/i);
});

for (const [game, memory, settings] of [
  [
    "luanti",
    512,
    [
      ["GAME=../x", /GAME must be/],
      ["MOTD=a\nname = b", /motd must not contain control/],
      ["MAX_PLAYERS=0", /max_users must be 1/],
    ],
  ],
  [
    "openarena",
    256,
    [
      ["MAP=a; quit", /names of maps/],
      ['MOTD=a"; quit', /g_motd must not contain/],
      ["BOTS=99", /bot_minplayers must be 0/],
    ],
  ],
] as const)
  test(`${game} refuses settings that cannot be`, async (t) => {
    for (const [setting, reason] of settings) {
      const container = await gameContainer(t, game, { memory: memory * 1024 ** 2, env: [setting] });
      await container.start(reason);
      t.is(await container.ended(), 64);
    }
  });

test("a client whose server is not there fails, in time and without leaving anything", async (t) => {
  const nowhere = { host: "127.0.0.1", port: 9 };
  await t.throwsAsync(joinWorld({ ...nowhere, username: "nobody", limitMs: 5000 }), { message: /ECONNREFUSED/ });
  await t.throwsAsync(knockTeeworlds({ ...nowhere, limitMs: 1000 }));
  await t.throwsAsync(enterTeeworlds({ ...nowhere, name: "nobody", limitMs: 15_000 }), {
    message: /Unable to connect to the server/,
  });
});
