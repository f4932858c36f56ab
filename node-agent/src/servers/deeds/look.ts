/** Reads what really stands of one server, after a hint that it is not what it is believed to be. */
import { AppError } from "@playspawn/shared";
import { crashed } from "../crash.ts";
import { contradiction } from "../sight.ts";
import { showRoutes, tell, type Deed } from "../stage.ts";
import { resume } from "./start.ts";

export const look: Deed = {
  ...resume,
  async run(stage, signal) {
    const unit = (await stage.world.runtime.list()).find((one) => one.server === stage.id) ?? null;
    signal.throwIfAborted();
    const belief = { have: stage.life.have, held: stage.standing !== null };
    const found = contradiction(belief, unit);
    if (found === "ended")
      throw await crashed(
        stage,
        unit?.game?.exit ?? { code: -1, outOfMemory: false, at: stage.world.ports.clock.now() },
      );
    if (found === "holder_gone") {
      stage.standing = null;
      stage.holderLost = true;
      stage.life.showFault(new AppError("holder_lost", "The server's network holder died; the server gets a new one."));
      tell(stage, "holder_lost", { state: stage.life.have }, { kind: "holder_lost" });
      return;
    }
    if (found !== "runs") return;
    stage.standing = unit?.holder?.running
      ? { address: unit.holder.address, specHash: unit.game?.specHash ?? null }
      : null;
    stage.startedAt = unit?.game?.startedAt ?? null;
    stage.life.enter("starting", { cause: { kind: "adopted" } });
    showRoutes(stage);
    await resume.run(stage, signal);
  },
};

/** Found stopped by an agent that was away when it ended: says so. */
export const foundDead: Deed = {
  async run(stage) {
    const unit = (await stage.world.runtime.list()).find((one) => one.server === stage.id);
    const exit = unit?.game?.exit;
    if (exit) throw await crashed(stage, exit);
  },
};
