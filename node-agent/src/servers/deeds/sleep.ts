/** Falls asleep: drained, saved, then paused or stopped; the holder stays. Until then a knock calls it back. */
import { isFrozen, withLimit } from "@playspawn/shared";
import { crashed } from "../crash.ts";
import { save, saveTries, stopGame } from "../ending.ts";
import { freeze } from "../frost.ts";
import { restAsleep } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";

export const sleep: Deed = {
  async run(stage, signal) {
    const failed = stage.life.have === "failed";
    const unsaved = failed ? undefined : await drain(stage, signal);
    stage.world.fail("game.saved");
    const vacant = !failed && isFrozen(stage.target) && (await isVacant(stage, signal));
    if (!vacant && !failed && isFrozen(stage.target) && stage.cause.kind === "idle") return somebodyCame(stage);
    stage.life.enter("hibernating", { cause: stage.cause });
    showRoutes(stage);
    const ended = vacant && (await freeze(stage)) ? null : await end(stage, !unsaved && !failed);
    const trouble = unsaved ? { saveError: unsaved.message.slice(0, 500) } : {};
    const { idleSeconds } = stage.desired;
    const figures = { tier: stage.life.tier, connections: connections(stage), idleSeconds };
    tell(stage, "sleep", { ...figures, ...ended, ...trouble });
  },
  undo: async (stage) => awakeAgain(stage),
};

async function end(stage: Stage, clean: boolean): Promise<{ exitCode: number | null; forced: boolean }> {
  const { exit, forced } = await stopGame(stage);
  await stage.world.files.setMeta(stage.id, { clean });
  await restAsleep(stage);
  return { exitCode: exit?.code ?? null, forced };
}

/** Longer than a game that runs takes to say who plays. */
const countLimitMs = 3_000;

/** A frozen game lets its players time out: nobody may be on it. Silence is not emptiness. */
async function isVacant(stage: Stage, signal: AbortSignal): Promise<boolean> {
  const { readiness, ports } = stage.world;
  const { spec } = stage.desired;
  if (!stage.empty()) return false;
  if (!spec.players) return true;
  const asked = readiness.players({ address: stage.standing?.address ?? "", spec }, signal);
  const players = await withLimit(ports.timers, countLimitMs, "the query", asked).catch(() => undefined);
  signal.throwIfAborted();
  return players?.online === 0;
}

function somebodyCame(stage: Stage): void {
  stage.stirred();
  awakeAgain(stage);
}

function awakeAgain(stage: Stage): void {
  stage.life.enter("ready");
  showRoutes(stage);
}

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
