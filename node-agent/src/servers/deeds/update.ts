/**
 * Takes the newer version whose image is ready: saved and stopped as for sleep, then started with it. One that does not
 * start is taken back, and the server becomes with the old one what it was; its files are as the newer one left them.
 */
import { save, stopGame } from "../ending.ts";
import { specHash } from "../spec-hash.ts";
import { restAsleep } from "../stand.ts";
import { showRoutes, type Deed, type Stage } from "../stage.ts";
import { drain } from "./sleep.ts";
import { backToSleep, prove, wake } from "./start.ts";

export const update: Deed = {
  async run(stage, signal) {
    const { have } = stage.life;
    if (have === "stopped") return stage.update.taken();
    if (have === "ready") await leave(stage, signal);
    stage.update.tried(have === "ready" ? "ready" : "other");
    stage.world.fail("update.begun");
    if (have === "hibernated" && stage.desired.want === "auto") await proveAsleep(stage, signal);
    else await wake(stage, signal);
    stage.update.taken();
  },
  async undo(stage) {
    if (stage.update.trial() === null) {
      stage.life.enter("ready");
      return showRoutes(stage);
    }
    await backToSleep(stage);
    stage.update.putBack();
  },
  async fail(stage, error) {
    const from = stage.update.trial();
    if (from === null) return "failed";
    await stopGame(stage);
    stage.update.failed(error);
    stage.life.enter("hibernating");
    await stage.world.files.setMeta(stage.id, { clean: true });
    await restAsleep(stage);
    // Whoever waits at the door is let in by the next action; who had it awake gets it back.
    if (from === "ready") stage.wakeAgain();
    return "lasts";
  },
};

/** Newcomers are held, the world is saved, the game ends. Until then a knock calls it back. */
async function leave(stage: Stage, signal: AbortSignal): Promise<void> {
  const unsaved = await drain(stage, signal);
  stage.life.enter("stopping", { cause: stage.cause });
  showRoutes(stage);
  await stopGame(stage);
  await stage.world.files.setMeta(stage.id, { clean: !unsaved });
}

/** Nobody asked for it to be awake: up until it would let players in, then asleep as it was. */
async function proveAsleep(stage: Stage, signal: AbortSignal): Promise<void> {
  await prove(stage, signal);
  await save(stage, 1, signal);
  stage.life.enter("hibernating");
  showRoutes(stage);
  await stopGame(stage);
  await stage.world.files.setMeta(stage.id, { clean: true });
  await restAsleep(stage);
}

/** What stands or would be made is what the newer version asks for: nothing has to be tried. */
export function isTaken(stage: Stage): boolean {
  const next = stage.update.waiting();
  if (!next) return false;
  const made = stage.life.have === "ready" ? stage.standing?.specHash : specHash(stage.desired.spec);
  return made === specHash(next);
}
