/** Templates and build files on the disk: what is there is whole, whatever fails in the middle. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import test, { type ExecutionContext } from "ava";
import { builtGame } from "../../testing/built-game.ts";
import { catalogue } from "./catalogue.ts";
import { gamesMax, loadGames, type GameFolders } from "./load.ts";
import { own, type OwnFile } from "./own.ts";

const yaml = (name: string): string => builtGame("chess", name);
const dockerfile: OwnFile = { path: "Dockerfile", bytes: Buffer.from("FROM scratch\n"), executable: false };

async function folders(t: ExecutionContext): Promise<GameFolders> {
  const root = await mkdtemp(join(tmpdir(), "playspawn-own-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, "games"));
  return { gamesDir: join(root, "games"), ownDir: join(root, "own"), contextsDir: join(root, "contexts") };
}

const failing = (nth: number): typeof rename => {
  let moves = 0;
  return async (from, to) => {
    if (++moves === nth) throw new Error("the disk is full");
    await rename(from, to);
  };
};

test("a version that cannot take its place leaves the former one where it was", async (t) => {
  const where = await folders(t);
  await own(where, fakePorts().rng).write("chess", yaml("One"), [dockerfile]);
  const broken = own(where, fakePorts().rng, failing(2));
  await t.throwsAsync(broken.write("chess", yaml("Two"), [dockerfile]), { message: "the disk is full" });
  t.is((await broken.read("chess")).yaml, yaml("One"));
  t.deepEqual(await readdir(join(where.ownDir, ".drafts")), []);
});

test("a game goes as a whole or not at all", async (t) => {
  const where = await folders(t);
  await own(where, fakePorts().rng).write("chess", yaml("One"), [dockerfile]);
  const broken = own(where, fakePorts().rng, failing(1));
  await t.throwsAsync(broken.remove("chess"));
  t.is((await broken.read("chess")).files.length, 1);
  await broken.remove("chess");
  t.deepEqual(await readdir(where.ownDir), [".drafts"]);
  t.deepEqual(await readdir(join(where.ownDir, ".drafts")), []);
});

test("more games than are loaded are refused, and told where they came otherwise", async (t) => {
  const where = await folders(t);
  for (let n = 0; n < gamesMax; n++) await mkdir(join(where.ownDir, `game-${n}`), { recursive: true });
  const disk = own(where, fakePorts().rng);
  await t.throwsAsync(disk.write("chess", yaml("One"), [dockerfile]), { message: /500 games of your own/ });
  t.false((await readdir(where.ownDir)).includes("chess"));
  await mkdir(join(where.ownDir, "zebra"));
  const { faults } = await loadGames(where);
  t.true(faults.some(({ reason }) => reason === "holds 501 games; only the first 500 by name are loaded"));
});

test("loads of one folder at the same time all find its build files", async (t) => {
  const where = await folders(t);
  await mkdir(join(where.gamesDir, "chess"));
  await writeFile(join(where.gamesDir, "chess", "game.yaml"), yaml("One"));
  for (let round = 0; round < 10; round++) {
    await writeFile(join(where.gamesDir, "chess", "Dockerfile"), `FROM scratch\n# ${round}\n`);
    const loads = await Promise.all(Array.from({ length: 4 }, () => loadGames(where)));
    t.deepEqual(
      loads.flatMap(({ faults }) => faults),
      [],
    );
  }
  t.is((await readdir(where.contextsDir)).length, 10);
});

test("build files that go while their game comes back are written anew", async (t) => {
  const where = await folders(t);
  await mkdir(join(where.gamesDir, "chess"));
  await writeFile(join(where.gamesDir, "chess", "game.yaml"), yaml("One"));
  await writeFile(join(where.gamesDir, "chess", "Dockerfile"), "FROM scratch\n");
  const games = await catalogue(where);
  const file = games.contextFile(games.get("chess").context!);
  const dropping = Promise.withResolvers<void>();
  const dropped = games.inTurn(async () => {
    await dropping.promise;
    await rm(file);
  });
  const reloaded = games.reload();
  dropping.resolve();
  await Promise.all([dropped, reloaded]);
  await t.notThrowsAsync(readFile(file));
});
