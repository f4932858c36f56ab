/** Puts away a run that an agent finds over when it comes: its console is kept, a crash is said unless an agent saw it. */
import { endRun } from "../console.ts";
import { crashed } from "../crash.ts";
import type { Deed } from "../stage.ts";

export const foundEnded: Deed = {
  async run(stage) {
    const { ended } = stage;
    if (ended && stage.life.have === "failed") {
      const error = await crashed(stage, ended);
      if (ended.at !== stage.memo.now.seenExit) throw error;
      stage.life.showFault(error);
    }
    await endRun(stage, ended);
  },
};
