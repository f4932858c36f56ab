/**
 * Sleeps deeper: memory moved out, game stopped, or container and holder gone. A wake that comes meanwhile goes on from the
 * tier that was reached: moving memory out ends within milliseconds, a stop is waited for once it was begun.
 */
import { isFrozen, type Tier } from "@playspawn/shared";
import { stopGame } from "../ending.ts";
import { sleepVerdict } from "../facts.ts";
import { clear } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";

export const deepen: Deed = {
  async run(stage, signal) {
    const { target } = stage;
    const why = sleepVerdict(stage).why.slice(0, 300);
    if (target === "deep") return await moveOut(stage, signal, why);
    if (isFrozen(stage.life.tier)) await stopFrozen(stage, why);
    signal.throwIfAborted();
    if (target === "cold") await clear(stage);
    rest(stage, target, { why });
  },
  // What was reached lasts.
  undo: async () => undefined,
  // A holder that cannot be put away makes no failed server.
  fail: async () => "fault",
};

/** A server counts as deep when at least half of its memory has left. */
async function moveOut(stage: Stage, signal: AbortSignal, why: string): Promise<void> {
  const { runtime, gates, fail, log } = stage.world;
  stage.life.showProgress({ step: "stop", text: "Moving its memory out" });
  const { before, after } = await gates.reclaims(() => runtime.reclaimGame(stage.id, signal), signal);
  fail("memory.reclaimed");
  if (after * 2 <= before) return rest(stage, "deep", { why, beforeBytes: before, afterBytes: after });
  log.info({ server: stage.id, before, after }, "its memory does not leave the machine");
  stage.stuck = true;
  stage.life.enter("hibernated");
}

async function stopFrozen(stage: Stage, why: string): Promise<void> {
  const { exit, forced } = await stopGame(stage);
  await stage.world.files.setMeta(stage.id, { clean: true });
  rest(stage, "held", { why, exitCode: exit?.code ?? null, forced });
}

function rest(stage: Stage, tier: Tier, data: Parameters<typeof tell>[2]): void {
  if (stage.life.tier === tier) return;
  stage.life.enter("hibernated", { tier });
  showRoutes(stage);
  tell(stage, "deeper", { tier, ...data });
}
