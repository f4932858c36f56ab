/** Steps that a wake shares with taking up a game that runs already: asking until it answers, and letting players in. */
import { AppError, messageOf, withLimit } from "@playspawn/shared";
import { crashed } from "../crash.ts";
import { showRoutes, type Stage } from "../stage.ts";
import { learnAbout } from "../words.ts";

/**
 * Waits for the first answer; answers how long it took, in ms.
 * @throws AppError game_crashed | out_of_memory | start_timeout; the signal's reason when it aborts
 */
export async function untilReady(stage: Stage, signal: AbortSignal): Promise<number> {
  const { clock } = stage.world.ports;
  const from = clock.mono();
  stage.life.showProgress({ step: "ready", text: "Waiting for the first answer" });
  await probe(stage, signal);
  if (!stage.memo.now.proven) stage.memo.note({ proven: true });
  return clock.mono() - from;
}

/** Ready: the door learns where the game is before anybody else learns anything. */
export function welcomePlayers(stage: Stage, since?: number): void {
  stage.life.enter("ready", since === undefined ? {} : { since });
  showRoutes(stage);
  void learnAbout(stage);
}

async function probe(stage: Stage, signal: AbortSignal): Promise<void> {
  const { readiness, runtime, ports } = stage.world;
  const { spec } = stage.desired;
  const address = stage.standing!.address;
  const { limitSeconds, firstLimitSeconds } = spec.readiness;
  const seconds = stage.memo.now.proven ? limitSeconds : (firstLimitSeconds ?? limitSeconds);
  const over = new AbortController();
  const probing = AbortSignal.any([signal, over.signal]);
  const since = stage.startedAt === null ? {} : { since: stage.startedAt };
  const lines = runtime.logs(stage.id, { tail: 1000, follow: true, signal: probing, ...since });
  const died = runtime.waitGame(stage.id, probing).then(async (exit) => Promise.reject(await crashed(stage, exit)));
  const ready = readiness.untilReady({ address, spec, lines }, probing);
  died.catch(() => undefined);
  ready.catch(() => undefined);
  try {
    await withLimit(ports.timers, seconds * 1000, "the first answer", Promise.race([ready, died]));
  } catch (error) {
    if (signal.aborted || error instanceof AppError) throw error;
    const said = `The game did not let players in within ${seconds} s (${messageOf(error)}).`;
    throw new AppError("start_timeout", said, { cause: error });
  } finally {
    over.abort(new Error("the probe is over"));
  }
}
