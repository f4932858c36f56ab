/** Falls asleep: drained, saved, stopped; the holder stays. Until the game is told to stop a knock calls it back. */
import { crashed } from "../crash.ts";
import { save, saveTries, stopGame } from "../ending.ts";
import { restAsleep } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";

export const sleep: Deed = {
  async run(stage, signal) {
    const failed = stage.life.have === "failed";
    const unsaved = failed ? undefined : await drain(stage, signal);
    stage.world.fail("game.saved");
    stage.life.enter("hibernating", { cause: stage.cause });
    showRoutes(stage);
    const { exit, forced } = await stopGame(stage);
    await stage.world.files.setMeta(stage.id, { clean: !unsaved && !failed });
    await restAsleep(stage);
    const trouble = unsaved ? { saveError: unsaved.message.slice(0, 500) } : {};
    const { idleSeconds } = stage.desired;
    const figures = { exitCode: exit?.code ?? null, forced, connections: connections(stage), idleSeconds };
    tell(stage, "sleep", { ...figures, ...trouble });
  },
  async undo(stage) {
    stage.life.enter("ready");
    showRoutes(stage);
  },
};

/** How many connections and flows came since it last fell asleep. A door that was started again counts from zero. */
function connections(stage: Stage): number | null {
  const accepted = stage.world.door.traffic(stage.id)?.accepted;
  if (accepted === undefined) return null;
  const before = accepted < stage.acceptedBefore ? 0 : stage.acceptedBefore;
  stage.acceptedBefore = accepted;
  return accepted - before;
}

/** Newcomers are held already, the world goes to disk. @throws AppError game_crashed when the game ends meanwhile */
export async function drain(stage: Stage, signal: AbortSignal): Promise<Error | undefined> {
  stage.life.enter("draining", { cause: stage.cause });
  showRoutes(stage);
  const over = new AbortController();
  const draining = AbortSignal.any([signal, over.signal]);
  const died = stage.world.runtime
    .waitGame(stage.id, draining)
    .then(async (exit) => Promise.reject(await crashed(stage, exit)));
  died.catch(() => undefined);
  try {
    const fault = await Promise.race([save(stage, saveTries, draining), died]);
    signal.throwIfAborted();
    return fault;
  } finally {
    // Whichever came first ends the other: a dead game is not told to save, nor is the next run in its place.
    over.abort(new Error("the save is over"));
  }
}
