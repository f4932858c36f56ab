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

/** What was thawed answers at once or never; within a player's patience it is then booted. */
const thawLimitMs = 8_000;
/** Most answer sooner, and are spared two questions to the engine. */
const thawQuietMs = 250;
const noLines: AsyncIterable<string> = (async function* () {})();

/**
 * Waits until a game that was thawed answers; answers how long it took, in ms. What it printed when it booted says nothing of
 * now; one that is asked nothing else counts as up.
 * @throws AppError game_crashed | out_of_memory; Error after 8 s; the signal's reason when it aborts
 */
export async function untilAnswers(stage: Stage, signal: AbortSignal): Promise<number> {
  const { clock } = stage.world.ports;
  const from = clock.mono();
  const { readiness, ...rest } = stage.desired.spec;
  const anyOf = readiness.anyOf.filter((one) => !("log" in one));
  if (anyOf.length > 0) {
    const spec = { ...rest, readiness: { ...readiness, anyOf } };
    const limits = { limitMs: thawLimitMs, quietMs: thawQuietMs };
    await raced(stage, signal, limits, (probing) => answers(stage, { spec, lines: noLines }, probing));
  }
  return clock.mono() - from;
}

async function probe(stage: Stage, signal: AbortSignal): Promise<void> {
  const { spec } = stage.desired;
  const { limitSeconds, firstLimitSeconds } = spec.readiness;
  const seconds = stage.memo.now.proven ? limitSeconds : (firstLimitSeconds ?? limitSeconds);
  const since = stage.startedAt === null ? {} : { since: stage.startedAt };
  try {
    await raced(stage, signal, { limitMs: seconds * 1000, quietMs: 0 }, (probing) => {
      const lines = stage.world.runtime.logs(stage.id, { tail: 1000, follow: true, signal: probing, ...since });
      return answers(stage, { spec, lines }, probing);
    });
  } catch (error) {
    if (signal.aborted || error instanceof AppError) throw error;
    const said = `The game did not let players in within ${seconds} s (${messageOf(error)}).`;
    throw new AppError("start_timeout", said, { cause: error });
  }
}

type Asked = Pick<Parameters<Stage["world"]["readiness"]["untilReady"]>[0], "spec" | "lines">;

const answers = ({ world, standing }: Stage, asked: Asked, signal: AbortSignal): Promise<void> =>
  world.readiness.untilReady({ address: standing!.address, ...asked }, signal);

/** Until it is ready, dies or the limit is over. Before `quietMs` nobody looks whether it has died. */
async function raced(
  stage: Stage,
  signal: AbortSignal,
  { limitMs, quietMs }: { limitMs: number; quietMs: number },
  asking: (probing: AbortSignal) => Promise<void>,
): Promise<void> {
  const { runtime, ports } = stage.world;
  const over = new AbortController();
  const probing = AbortSignal.any([signal, over.signal]);
  const gone = async (): Promise<never> => {
    if (quietMs > 0) await ports.timers.sleep(quietMs, probing);
    throw await crashed(stage, await runtime.waitGame(stage.id, probing));
  };
  const died = gone();
  const ready = asking(probing);
  died.catch(() => undefined);
  ready.catch(() => undefined);
  try {
    await withLimit(ports.timers, limitMs, "the first answer", Promise.race([ready, died]));
  } finally {
    over.abort(new Error("the probe is over"));
  }
}
