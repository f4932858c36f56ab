/** Wakes: the game up, probed until players can join, the door told where it is. Nothing else may be on this path. */
import { AppError, messageOf, withLimit } from "@playspawn/shared";
import { crashed } from "../crash.ts";
import { stopGame } from "../ending.ts";
import { bindPorts, stand, standsReady } from "../stand.ts";
import { showRoutes, tell, type Deed, type Stage } from "../stage.ts";

export const start: Deed = {
  async run(stage, signal) {
    stage.life.enter("starting", { cause: stage.cause });
    tell(stage, "wake");
    stage.world.fail("kick.taken");
    const bound = bindPorts(stage);
    bound.catch(() => undefined);
    const engineMs = await boot(stage, signal);
    const bootMs = await untilReady(stage, signal);
    stage.world.fail("probe.answered");
    await bound;
    welcomePlayers(stage);
    stage.world.fail("routes.sent");
    const totalMs = stage.world.ports.clock.mono() - stage.wokenAt;
    tell(stage, "ready", { totalMs: round(totalMs), engineMs: round(engineMs), bootMs: round(bootMs) });
  },
  async undo(stage) {
    stage.life.enter("hibernating");
    showRoutes(stage);
    await stopGame(stage);
    await stage.world.files.setMeta(stage.id, { clean: true });
    stage.life.enter("hibernated", { tier: stage.standing ? "held" : "cold" });
    showRoutes(stage);
  },
  async fail(stage) {
    await stopGame(stage);
  },
};

/** A game that runs already, found by an agent that was started again: only asked whether it is ready. */
export const resume: Deed = {
  ...start,
  async run(stage, signal) {
    await untilReady(stage, signal);
    welcomePlayers(stage);
    tell(stage, "adopted");
  },
};

/** The same for a run that was ready before: its players play on while nobody looks. */
export const resumeKnown: Deed = {
  ...start,
  async run(stage) {
    welcomePlayers(stage);
    tell(stage, "adopted");
  },
};

/** Puts the unit up where it does not stand, and starts the game; answers what the engine took for both, in ms. */
async function boot(stage: Stage, signal: AbortSignal): Promise<number> {
  const { files, ports, runtime, gates, fail } = stage.world;
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
  await files.setMeta(stage.id, { clean: false, generation: stage.desired.gen });
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

/** Waits for the first answer; answers how long it took, in ms. */
async function untilReady(stage: Stage, signal: AbortSignal): Promise<number> {
  const { clock } = stage.world.ports;
  const from = clock.mono();
  stage.life.showProgress({ step: "ready", text: "Waiting for the first answer" });
  await probe(stage, signal);
  return clock.mono() - from;
}

/** Ready: the door learns where the game is before anybody else learns anything. */
function welcomePlayers(stage: Stage): void {
  stage.proven = true;
  stage.life.enter("ready");
  showRoutes(stage);
}

const round = (ms: number): number => Math.round(ms * 10) / 10;

/** @throws AppError game_crashed | out_of_memory | start_timeout; the signal's reason when it aborts */
async function probe(stage: Stage, signal: AbortSignal): Promise<void> {
  const { readiness, runtime, ports } = stage.world;
  const { spec } = stage.desired;
  const address = stage.standing!.address;
  const limitMs = spec.readiness.limitSeconds * 1000;
  const over = new AbortController();
  const probing = AbortSignal.any([signal, over.signal]);
  const since = stage.startedAt === null ? {} : { since: stage.startedAt };
  const lines = runtime.logs(stage.id, { tail: 1000, follow: true, signal: probing, ...since });
  const died = runtime.waitGame(stage.id, probing).then(async (exit) => Promise.reject(await crashed(stage, exit)));
  const ready = readiness.untilReady({ address, spec, lines }, probing);
  died.catch(() => undefined);
  ready.catch(() => undefined);
  try {
    await withLimit(ports.timers, limitMs, "the first answer", Promise.race([ready, died]));
  } catch (error) {
    if (signal.aborted || error instanceof AppError) throw error;
    const said = `The game did not let players in within ${spec.readiness.limitSeconds} s (${messageOf(error)}).`;
    throw new AppError("start_timeout", said, { cause: error });
  } finally {
    over.abort(new Error("the probe is over"));
  }
}
