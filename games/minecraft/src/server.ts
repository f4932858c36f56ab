/** A flying-squid server whose world and players reach the disk when they are told to. */
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { consolePlugin } from "./console.ts";
import type { BeforePing, ChunkStore, Server } from "./flying-squid.ts";
import { loadFlyingSquid } from "./modules.ts";
import { keepPlayers } from "./players.ts";
import type { Settings } from "./settings.ts";
import { keepOnDisk } from "./storage.ts";
import { copyFlatChunks } from "./terrain.ts";

const require = createRequire(import.meta.url);
const port = 25565;
const goodbyeMs = 2000;

export interface Game {
  server: Server;
  /** World and players are on disk when it resolves; answers how many chunks were written and how many play. */
  save(): Promise<{ chunks: number; players: number }>;
  /** Nobody is connected and nobody can connect afterwards. */
  sendAway(): Promise<void>;
}

/** Resolves when players can join. */
export async function startGame(settings: Settings, worldDir: string): Promise<Game> {
  // flying-squid cannot carry a world from one version to another.
  const folder = join(worldDir, settings.version);
  let ready = false;
  const beforePing: BeforePing = (answer, _client, reply) => {
    // Nobody can join yet, and a status would say otherwise.
    if (!ready) return reply(null, false);
    answer.players.sample = server.players.map(({ username, uuid }) => ({ name: username, id: uuid }));
    reply(null, answer);
  };
  // The replaced handler saved nothing and ended with success; main.ts has its own.
  const flyingSquid = loadFlyingSquid({ log: consolePlugin, errorHandler: {} });
  const server = flyingSquid.createMCServer({ ...options(settings, folder), beforePing });
  await Promise.all([once(server as never, "pluginsReady"), once(server as never, "listening")]);
  const game = prepare(server, settings, folder);
  ready = true;
  return game;
}

function options(settings: Settings, folder: string): Record<string, unknown> {
  return {
    port,
    version: settings.version,
    motd: settings.motd,
    "max-players": settings.playersMax,
    "online-mode": settings.onlineMode,
    gameMode: settings.gameMode,
    difficulty: settings.difficulty,
    "view-distance": settings.viewDistance,
    "everybody-op": settings.everybodyOperator,
    generation: { name: settings.terrain, options: { worldHeight: 80, ...(settings.seed && { seed: settings.seed }) } },
    worldFolder: folder,
    "player-list-text": { header: settings.motd, footer: "" },
    "max-entities": 100,
    kickTimeout: 10_000,
    hideErrors: true,
    logging: false,
    plugins: {},
    modpe: false,
  };
}

function prepare(server: Server, settings: Settings, folder: string): Game {
  if (settings.terrain === "superflat") copyFlatChunks(server.overworld);
  const overworld = keepOnDisk(server.overworld, server.overworld.storageProvider!);
  const nether = keepOnDisk(server.netherworld, openStore(server, join(folder, "DIM-1/region")));
  const players = keepPlayers(server);
  const save: Game["save"] = async () => {
    const chunks = (await overworld.save()) + (await nether.save());
    return { chunks, players: await players.save() };
  };
  return { server, save, sendAway: () => sendAway(server) };
}

function openStore(server: Server, folder: string): ChunkStore {
  mkdirSync(folder, { recursive: true });
  const { Anvil } = require("prismarine-provider-anvil") as {
    Anvil(registry: unknown): new (path: string) => ChunkStore;
  };
  return new (Anvil(server.registry))(folder);
}

async function sendAway(server: Server): Promise<void> {
  const gone = [...server.players].map(
    (player) =>
      new Promise<void>((resolve) => {
        player.once("disconnected", resolve);
        player.kick("The server stops");
      }),
  );
  // A connection that is dead already says no goodbye.
  await Promise.race([Promise.all(gone), new Promise((resolve) => setTimeout(resolve, goodbyeMs))]);
  server._server.close();
}
