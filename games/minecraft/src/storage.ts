/**
 * How the world gets to disk. flying-squid saves once a second on its own, but forgets a block that is placed while its
 * chunk is being written, stops for good after one failed write, and never says when all is written. So its saving is
 * switched off and this is used: every change is kept until a write that began after it has succeeded.
 */
import type { Chunk, ChunkStore, World } from "./flying-squid.ts";

/** Saving one world; calls that overlap share the write under way and then one more. */
export interface Storage {
  /** Everything that changed before the call is on disk when it resolves. Answers how many chunks were written. */
  save(): Promise<number>;
}

export function keepOnDisk(world: World, store: ChunkStore): Storage {
  world.storageProvider = store;
  world.stopSaving();
  loadOnce(world);
  let last: Promise<unknown> = Promise.resolve();
  return {
    save() {
      const run = last.then(() => writeChanged(world, store));
      last = run.catch(() => {});
      return run;
    },
  };
}

async function writeChanged(world: World, store: ChunkStore): Promise<number> {
  let written = 0;
  const errors: unknown[] = [];
  for (const [key, change] of Array.from(world.savingQueue)) {
    try {
      const chunk = world.columns[key];
      if (chunk) await store.save(change.chunkX, change.chunkZ, chunk);
      written += chunk ? 1 : 0;
      // A newer value means that a block changed while the chunk was being written: once more, next time.
      if (world.savingQueue.get(key) === change) world.savingQueue.delete(key);
    } catch (error) {
      // One chunk that cannot be written must not keep the others from it.
      errors.push(error);
    }
  }
  const regions = Object.values(store.regions);
  // A region that failed once refuses every later write otherwise, even when the disk has room again.
  if (errors.length > 0) for (const region of regions) region.q = Promise.resolve();
  if (written > 0) await Promise.all(regions.map((region) => region.file?.datasync()));
  if (errors.length > 0) throw errors[0];
  forgetUnloaded(world);
  return written;
}

function forgetUnloaded(world: World): void {
  for (const [key, { chunkX, chunkZ }] of Array.from(world.unloadQueue))
    if (!world.savingQueue.has(key)) world.forceUnloadColumn(key, chunkX, chunkZ);
}

/** Two players who arrive together must not each load a copy of a chunk, of which one is forgotten with its changes. */
function loadOnce(world: World): void {
  const load = world.getColumn.bind(world);
  const loading = new Map<string, Promise<Chunk>>();
  world.getColumn = (x, z) => {
    const key = `${x},${z}`;
    const present = loading.get(key);
    if (present) return present;
    const column = load(x, z).finally(() => loading.delete(key));
    loading.set(key, column);
    return column;
  };
}
