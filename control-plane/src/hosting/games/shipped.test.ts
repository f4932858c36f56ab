import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { loadGames } from "./load.ts";

const gamesDir = fileURLToPath(new URL("../../../../games/", import.meta.url));

test("every game in games/ loads without a fault, with a picture of its own", async (t) => {
  const contextsDir = await mkdtemp(join(tmpdir(), "playspawn-contexts-"));
  t.teardown(() => rm(contextsDir, { recursive: true, force: true }));
  const { games, faults } = await loadGames({ gamesDir, contextsDir });
  t.deepEqual(faults, []);
  for (const [id, { game, logo }] of games) {
    t.truthy(logo, id);
    t.truthy(game.status, `${id} says whether it was tried`);
  }
});
