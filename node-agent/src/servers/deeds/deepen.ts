/** Sleeps deeper: container and holder go, the files stay. */
import { clear } from "../stand.ts";
import { showRoutes, type Deed } from "../stage.ts";

export const deepen: Deed = {
  async run(stage) {
    await clear(stage);
    stage.life.enter("hibernated", { tier: "cold" });
    showRoutes(stage);
  },
  // A holder that cannot be put away makes no failed server.
  fail: async () => "fault",
};
