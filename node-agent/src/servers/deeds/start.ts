/** Wakes: the game up, probed until players can join, the door told where it is. Nothing else may be on this path. */
import { AppError } from "@playspawn/shared";
import { stopGame } from "../ending.ts";
import { refuseOverPolicy } from "../policy.ts";
import { bindPorts, restAsleep, stand, standsReady } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";
import { withWake } from "../words.ts";
import { untilReady, welcomePlayers } from "./ready.ts";

export const start: Deed = {
  run: wake,
  undo: backToSleep,
  async fail(stage) {
    await stopGame(stage);
    return "failed";
  },
};

export async function wake(stage: Stage, signal: AbortSignal): Promise<void> {
  const { tier } = stage.life;
  stage.wokenFrom = tier;
  stage.life.enter("starting", { cause: stage.cause });
  tell(stage, "wake", { tier });
  stage.world.fail("kick.taken");
  const bound = bindPorts(stage);
  bound.catch(() => undefined);
  const { engineMs, bootMs } = await up(stage, signal);
  stage.world.fail("probe.answered");
  await bound;
  welcomePlayers(stage);
  stage.world.fail("routes.sent");
  const totalMs = stage.world.ports.clock.mono() - stage.wokenAt;
  if (tier) stage.memo.note({ wakes: withWake(stage.memo.now.wakes, tier, totalMs) });
  tell(stage, "ready", { tier, totalMs: round(totalMs), engineMs: round(engineMs), bootMs: round(bootMs) });
}

async function up(stage: Stage, signal: AbortSignal): Promise<{ engineMs: number; bootMs: number }> {
  const engineMs = await boot(stage, signal);
  return { engineMs, bootMs: await untilReady(stage, signal) };
}

/** Up until it would let players in, but lets nobody in. */
export async function prove(stage: Stage, signal: AbortSignal): Promise<void> {
  stage.life.enter("starting", { cause: stage.cause });
  showRoutes(stage);
  await up(stage, signal);
}

/** A wake that is called off: nobody was let in yet, so there is nothing to save. */
export async function backToSleep(stage: Stage): Promise<void> {
  stage.life.enter("hibernating");
  showRoutes(stage);
  await stopGame(stage);
  await stage.world.files.setMeta(stage.id, { clean: true });
  await restAsleep(stage);
}

/** Puts the unit up where it does not stand, and starts the game; answers what the engine took for both, in ms. */
async function boot(stage: Stage, signal: AbortSignal): Promise<number> {
  const { files, ports, policy, runtime, gates, fail } = stage.world;
  const { gen: generation, spec } = stage.desired;
  refuseOverPolicy(policy, spec, stage.portsHad);
  let engineMs = 0;
  const timed = async (work: Promise<void>): Promise<void> => {
    const from = ports.clock.mono();
    await work;
    engineMs += ports.clock.mono() - from;
  };
  const launch = async (): Promise<void> => {
    const startedAt = ports.clock.now();
    await gates.wakes(() => runtime.startGame(stage.id), signal);
    stage.startedAt = startedAt;
    fail("container.started");
  };
  // A sleeper whose unit is known to stand is started at once; should that be wrong, the engine says so and it is put up.
  const trusted = standsReady(stage);
  if (!trusted) await timed(stand(stage, signal, "wake"));
  stage.portsHad = spec.ports.map((port) => port.public);
  await files.setMeta(stage.id, { clean: false, generation, ports: [...stage.portsHad] });
  fail("files.marked");
  signal.throwIfAborted();
  stage.life.showProgress({ step: "game", text: "Starting the game" });
  try {
    await timed(launch());
  } catch (error) {
    const stale = error instanceof AppError && (error.code === "holder_lost" || error.code === "not_found");
    if (!trusted || !stale) throw error;
    await timed(stand(stage, signal, "wake"));
    await timed(launch());
  }
  return engineMs;
}

const round = (ms: number): number => Math.round(ms * 10) / 10;
