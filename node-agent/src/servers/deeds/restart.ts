/** Saves, stops and starts, with the present settings; also how a game gets back the network whose holder died. */
import { save, saveTries, stopGame } from "../ending.ts";
import { showRoutes, type Deed } from "../stage.ts";
import { start } from "./start.ts";

export const restart: Deed = {
  ...start,
  async run(stage, signal) {
    stage.life.enter("stopping", { cause: stage.cause });
    showRoutes(stage);
    const unsaved = await save(stage, saveTries, signal);
    await stopGame(stage);
    await stage.world.files.setMeta(stage.id, { clean: !unsaved });
    await start.run(stage, signal);
  },
};
