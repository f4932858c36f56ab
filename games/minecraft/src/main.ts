/** Starts the server, saves it every few seconds and whenever it is told to, and never ends by itself without saving. */
import { print, readCommands } from "./console.ts";
import { startGame, type Game } from "./server.ts";
import { readSettings, type Settings } from "./settings.ts";

const autosaveMs = 5000;
const badSettings = 78;

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    for (const fault of (error as Error).message.split("\n")) print(fault);
    process.exit(badSettings);
  }
}

/** Prints `saved …` or `save failed: …`; the line is what the agent waits for. */
async function save(game: Game): Promise<boolean> {
  try {
    const { chunks, players } = await game.save();
    print(`saved ${chunks} chunks and ${players} players`);
    return true;
  } catch (error) {
    print(`save failed: ${(error as Error).message}`);
    return false;
  }
}

function obey(game: Game): void {
  let stopping = false;
  const stop = async (code: number): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await game.sendAway();
    process.exit((await save(game)) ? code : 1);
  };
  const command = (base: string, info: string, action: () => Promise<unknown>): void =>
    game.server.commands.add({ base, info, usage: `/${base}`, op: true, action: async () => void (await action()) });
  command("save", "Saves the world", () => save(game));
  command("stop", "Saves the world, then stops", () => stop(0));
  readCommands(game.server);
  process.on("SIGTERM", () => void stop(0));
  process.on("SIGINT", () => void stop(0));
  // A fault in how one player's packet was handled; the others play on.
  process.on("unhandledRejection", (reason) => print(`[error] ${(reason as Error)?.stack ?? String(reason)}`));
  process.on("uncaughtException", (error) => {
    print(`[error] ${error.stack ?? error.message}`);
    void stop(1);
  });
}

function autosaveLater(game: Game): void {
  setTimeout(() => {
    game
      .save()
      .catch((error: Error) => print(`[error] the world could not be saved: ${error.message}`))
      .finally(() => autosaveLater(game));
  }, autosaveMs);
}

const settings = settingsOrExit();
// Building the image boots the server once, so that what V8 compiles can be kept.
const warmUp = process.argv.includes("--warm-up");
const game = await startGame(settings, warmUp ? "/tmp/warm-up" : "/data/world");
if (warmUp) process.exit((await save(game)) ? 0 : 1);
obey(game);
print(`ready: Minecraft ${settings.version} takes players`);
autosaveLater(game);
