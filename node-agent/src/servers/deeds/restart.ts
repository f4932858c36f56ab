/** Saves, stops and starts, with the present settings; also how a game gets back the network whose holder died. */
import { save, saveTries, stopGame } from "../ending.ts";
import { showRoutes, type Deed } from "../stage.ts";
import { backToSleep, wake } from "./start.ts";

export const restart: Deed = {
  async run(stage, signal) {
    stage.life.enter("stopping", { cause: stage.cause });
    showRoutes(stage);
    const unsaved = await save(stage, saveTries, signal);
    await stopGame(stage);
    await stage.world.files.setMeta(stage.id, { clean: !unsaved });
    await wake(stage, signal);
  },
  // The state table calls it off only while it starts.
  undo: backToSleep,
  async fail(stage) {
    if (stage.life.have === "starting") await stopGame(stage);
    return "failed";
  },
};
