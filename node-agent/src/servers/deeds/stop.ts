/** Off until somebody starts it: saved, stopped, container and holder gone, the ports bound but deaf. */
import { save, saveTries, stopGame } from "../ending.ts";
import { clear } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";

export const stop: Deed = {
  async run(stage, signal) {
    const tries = stage.life.have === "ready" ? saveTries : 0;
    if (stage.life.have !== "absent") stage.life.enter("stopping", { cause: stage.cause });
    showRoutes(stage);
    if (stage.startedAt !== null) await end(stage, tries, signal);
    await clear(stage);
    stage.life.enter("stopped");
    showRoutes(stage);
  },
};

/** Deleted: the ports go first, then everything that runs, then, when so asked, the files. */
export const remove: Deed = {
  async run(stage, signal) {
    const { door, files } = stage.world;
    // Into the trash it goes with its world on disk; what is deleted for good need not be saved.
    const tries = stage.life.have === "ready" && !stage.desired.purge ? saveTries : 0;
    door.setRoutes(stage.id, []);
    if (stage.life.have !== "absent") stage.life.enter("stopping", { cause: stage.cause });
    if (stage.startedAt !== null) await end(stage, tries, signal);
    await clear(stage);
    const purges = stage.desired.purge;
    stage.world.fail("unit.removed");
    if (purges) await files.purge(stage.id);
    stage.removed = purges ? "purged" : "kept";
    stage.life.enter("absent");
  },
};

/** @param tries to save: none for a game that failed, which players were never let into or which saved before */
async function end(stage: Stage, tries: number, signal: AbortSignal): Promise<void> {
  const unsaved = tries === 0 ? undefined : await save(stage, tries, signal);
  const { exit, forced } = await stopGame(stage);
  await stage.world.files.setMeta(stage.id, { clean: tries > 0 && !unsaved });
  const trouble = unsaved ? { saveError: unsaved.message.slice(0, 500) } : {};
  tell(stage, "exit", { exitCode: exit?.code ?? null, forced, ...trouble });
}
