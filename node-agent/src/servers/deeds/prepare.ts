/** Deploys: image, files, network holder and container, then the server sleeps until something wakes it. */
import { refuseOverPolicy } from "../policy.ts";
import { bindPorts, clear, stand } from "../stand.ts";
import { showRoutes, type Deed } from "../stage.ts";

export const prepare: Deed = {
  async run(stage, signal) {
    stage.life.enter("preparing", { cause: stage.cause });
    refuseOverPolicy(stage.world.policy, stage.desired.spec, stage.portsHad);
    await Promise.all([bindPorts(stage), stand(stage, signal, "deploy")]);
    stage.life.enter("hibernated", { tier: "held" });
    showRoutes(stage);
  },
  async undo(stage) {
    await clear(stage);
    stage.life.enter("absent");
  },
};
