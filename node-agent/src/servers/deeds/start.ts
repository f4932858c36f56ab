/** Wakes: the game up, probed until players can join, the door told where it is. Nothing else may be on this path. */
import { AppError } from "@playspawn/shared";
import { stopGame } from "../ending.ts";
import { noteStiff, thaw } from "../frost.ts";
import { withNap } from "../naps.ts";
import { refuseOverPolicy } from "../policy.ts";
import { bindPorts, restAsleep, stand, standsReady } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";
import { withWake } from "../words.ts";
import { untilAnswers, untilReady, welcomePlayers } from "./ready.ts";

export const start: Deed = {
  run: wake,
  undo: backToSleep,
  async fail(stage) {
    await stopGame(stage);
    return "failed";
  },
};

export async function wake(stage: Stage, signal: AbortSignal): Promise<void> {
  const { tier, since } = stage.life;
  noteNap(stage);
  stage.pressed = null;
  stage.wokenFrom = tier;
  stage.life.enter("starting", { cause: stage.cause });
  tell(stage, "wake", { tier, ...(tier && { asleepMs: stage.world.ports.clock.now() - since }) });
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

interface Took {
  engineMs: number;
  bootMs: number;
}

/** Its own habits decide how deep it sleeps. */
function noteNap({ life, memo, world }: Stage): void {
  if (life.have !== "hibernated") return;
  memo.note({ naps: [...withNap(memo.now.naps, world.ports.clock.now() - life.since)] });
}

async function up(stage: Stage, signal: AbortSignal): Promise<Took> {
  const thawed =
    stage.frozen && standsReady(stage) && stage.cause.kind !== "restart" && (await fromFrost(stage, signal));
  if (thawed) return thawed;
  // Frozen with other settings, dead, or without an answer.
  if (stage.startedAt !== null) await stopGame(stage);
  const engineMs = await boot(stage, signal);
  return { engineMs, bootMs: await untilReady(stage, signal) };
}

/** null when what was frozen is gone or does not answer any more: it is to be booted. @throws the signal's reason */
async function fromFrost(stage: Stage, signal: AbortSignal): Promise<Took | null> {
  const { ports, gates, log, fail } = stage.world;
  const from = ports.clock.mono();
  stage.life.showProgress({ step: "game", text: "Thawing the game" });
  if (!(await gates.wakes(() => thaw(stage), signal))) return null;
  fail("game.thawed");
  const engineMs = ports.clock.mono() - from;
  try {
    return { engineMs, bootMs: await untilAnswers(stage, signal) };
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ server: stage.id, err: error }, "what was frozen does not answer; it is started anew");
    noteStiff(stage);
    return null;
  }
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
