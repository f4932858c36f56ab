import test from "ava";
import type { Chunk, ChunkStore, World } from "./flying-squid.ts";
import { keepOnDisk } from "./storage.ts";

interface FakeChunk extends Chunk {
  block: string;
}

/** A disk whose writes wait until the test lets them through, and a world above it as flying-squid's is. */
function scene() {
  const disk = new Map<string, string>();
  const writes: { finish: () => void; fail: () => void }[] = [];
  let synced = 0;
  const store: ChunkStore = {
    regions: { one: { q: Promise.resolve(), file: { datasync: () => Promise.resolve(void synced++) } } },
    load: () => Promise.resolve(null),
    save: (x, z, chunk) => {
      const { block } = chunk as FakeChunk;
      return new Promise((resolve, reject) =>
        writes.push({
          finish: () => (disk.set(`${x},${z}`, block), resolve()),
          fail: () => reject(new Error("no space left")),
        }),
      );
    },
  };
  let loads = 0;
  const world: World = {
    columns: {},
    savingQueue: new Map(),
    unloadQueue: new Map(),
    storageProvider: null,
    chunkGenerator: () => ({ toJson: () => "" }),
    stopSaving: () => {},
    getColumn: async (x, z) => {
      loads++;
      return (world.columns[`${x},${z}`] ??= { toJson: () => "" });
    },
    forceUnloadColumn: (key) => {
      world.unloadQueue.delete(key);
      delete world.columns[key];
    },
  };
  const put = (x: number, z: number, block: string): void => {
    const key = `${x},${z}`;
    const chunk = (world.columns[key] ??= { toJson: () => "" }) as FakeChunk;
    chunk.block = block;
    world.savingQueue.set(key, { chunkX: x, chunkZ: z });
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    storage: keepOnDisk(world, store),
    world,
    disk,
    writes,
    put,
    settle,
    synced: () => synced,
    loads: () => loads,
  };
}

test("what changed is on disk when the save says so, and only then", async (t) => {
  const { storage, disk, writes, put, settle, synced } = scene();
  put(0, 0, "gold");
  put(-3, 40, "stone");
  let said = 0;
  const saved = storage.save().then((chunks) => (said = chunks));
  await settle();
  t.is(said, 0);
  writes[0]!.finish();
  await settle();
  t.is(said, 0, "one of two is not all");
  writes[1]!.finish();
  t.is(await saved, 2);
  t.deepEqual(
    [...disk],
    [
      ["0,0", "gold"],
      ["-3,40", "stone"],
    ],
  );
  t.is(synced(), 1);
  t.is(await storage.save(), 0, "nothing changed since");
});

test("a block placed while its chunk is being written is written by the next save", async (t) => {
  const { storage, disk, writes, put, settle } = scene();
  put(0, 0, "gold");
  const first = storage.save();
  await settle();
  put(0, 0, "diamond");
  const second = storage.save();
  writes[0]!.finish();
  await first;
  t.is(disk.get("0,0"), "gold");
  await settle();
  writes[1]!.finish();
  t.is(await second, 1);
  t.is(disk.get("0,0"), "diamond");
});

test("a chunk that cannot be written is told, kept, and does not keep the others from the disk", async (t) => {
  const { storage, disk, writes, put, settle } = scene();
  put(0, 0, "gold");
  put(1, 0, "stone");
  const saved = storage.save();
  await settle();
  writes[0]!.fail();
  await settle();
  writes[1]!.finish();
  await t.throwsAsync(saved, { message: "no space left" });
  t.deepEqual([...disk.keys()], ["1,0"]);
  const again = storage.save();
  await settle();
  writes[2]!.finish();
  t.is(await again, 1);
  t.is(disk.get("0,0"), "gold");
});

test("a chunk that everybody left is forgotten only after it was written", async (t) => {
  const { storage, world, writes, put, settle } = scene();
  put(0, 0, "gold");
  world.unloadQueue.set("0,0", { chunkX: 0, chunkZ: 0 });
  const saved = storage.save();
  await settle();
  t.truthy(world.columns["0,0"]);
  writes[0]!.finish();
  await saved;
  t.is(world.columns["0,0"], undefined);
});

test("two who ask for the same chunk at once get the same one", async (t) => {
  const { world, loads } = scene();
  const [one, two] = await Promise.all([world.getColumn(3, 4), world.getColumn(3, 4)]);
  t.is(one, two);
  t.is(loads(), 1);
});
