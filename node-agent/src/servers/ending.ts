/** How a game saves and stops, as its template says: by stdin, RCON or signal, each with its limit. */
import { AppError, containerPort, messageOf, pattern, withLimit, type Save, type Stop } from "@playspawn/shared";
import type { Exit } from "../runtime/runtime.ts";
import { endRun } from "./console.ts";
import { thaw } from "./frost.ts";
import type { Stage } from "./stage.ts";

export const saveTries = 3;
const saveBackoffMs = 2_000;
/** For the kernel to take a killed process away. */
const killLimitMs = 15_000;

/**
 * Saves; after a failure says so, waits and tries again, `tries` times in all.
 * @returns undefined when the world is on disk (or the game has no way to save), else why it is not: the caller goes on
 * @throws the signal's reason when it aborts
 */
export async function save(stage: Stage, tries: number, signal: AbortSignal): Promise<AppError | undefined> {
  const { timers } = stage.world.ports;
  const rule = stage.desired.spec.save;
  if (!rule) return undefined;
  for (let failures = 1; ; failures++) {
    stage.life.showProgress({ step: "save", text: "Saving the world" });
    const fault = await saveOnce(stage, rule, signal);
    signal.throwIfAborted();
    if (!fault) return undefined;
    stage.life.showFault(fault);
    stage.world.log.warn({ server: stage.id, failures, err: fault }, "the game did not save");
    if (failures >= tries) return fault;
    await timers.sleep(saveBackoffMs * 2 ** (failures - 1), signal);
  }
}

async function saveOnce(stage: Stage, rule: Save, signal: AbortSignal): Promise<AppError | undefined> {
  const limit = new AbortController();
  const both = AbortSignal.any([signal, limit.signal]);
  const limitMs = rule.limitSeconds * 1000;
  try {
    await withLimit(stage.world.ports.timers, limitMs, "saving", order(stage, rule, both));
    return undefined;
  } catch (error) {
    return new AppError("save_failed", `The game did not save its world: ${messageOf(error)}.`, { cause: error });
  } finally {
    limit.abort(new Error("saving is over"));
  }
}

async function order(stage: Stage, rule: Save, signal: AbortSignal): Promise<void> {
  if ("rcon" in rule) return void (await rcon(stage, rule.rcon, signal));
  const { runtime, ports } = stage.world;
  const lines = runtime.logs(stage.id, { tail: 1000, follow: true, since: ports.clock.now(), signal });
  const done = until(lines, rule.until);
  // Awaited below; the stdin may fail first.
  done.catch(() => undefined);
  await runtime.writeStdin(stage.id, rule.stdin);
  await done;
}

async function until(lines: AsyncIterable<string>, source: string): Promise<void> {
  const wanted = pattern(source);
  for await (const line of lines) if (wanted.test(line)) return;
  throw new Error(`it ended without a line that matches ${source}`);
}

function rcon(stage: Stage, rule: Extract<Save, { rcon: unknown }>["rcon"], signal: AbortSignal): Promise<string> {
  const { spec } = stage.desired;
  const address = stage.standing?.address;
  if (address === undefined) throw new Error(`there is no port ${rule.port} to reach`);
  const target = { address, port: containerPort(spec, rule.port), password: spec.env[rule.passwordVariable] ?? "" };
  return stage.world.readiness.rcon(target, rule.command, signal);
}

export interface Ended {
  exit: Exit | null;
  /** It did not end within its limit and was killed. */
  forced: boolean;
}

/**
 * Stops the game, thawed first where it is paused, and waits until it is gone; killed when it takes longer than its limit. Its console is kept.
 * @throws AppError when the engine does not answer or the process cannot be killed
 */
export async function stopGame(stage: Stage): Promise<Ended> {
  const { runtime, ports, fail, log } = stage.world;
  const rule = stage.desired.spec.stop;
  if (stage.frozen) await thaw(stage);
  const waiting = new AbortController();
  const gone = runtime.waitGame(stage.id, waiting.signal).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  });
  gone.catch(() => undefined);
  stage.life.showProgress({ step: "stop", text: "Stopping the game" });
  try {
    const asked = ask(stage, rule, waiting.signal).catch((error: unknown) => {
      log.warn({ server: stage.id, err: error }, "the game could not be asked to stop");
    });
    const politely = await patiently(gone, ports.timers, rule.limitSeconds * 1000);
    if (politely) return await ended(stage, politely.exit, false);
    await runtime.signalGame(stage.id, "SIGKILL");
    const exit = await withLimit(ports.timers, killLimitMs, `killing the game of ${stage.id}`, gone);
    await asked;
    return await ended(stage, exit, true);
  } finally {
    waiting.abort(new Error("the game is gone"));
    fail("game.stopped");
  }
}

async function ended(stage: Stage, exit: Exit | null, forced: boolean): Promise<Ended> {
  await endRun(stage, exit);
  return { exit, forced };
}

async function ask(stage: Stage, rule: Stop, signal: AbortSignal): Promise<void> {
  const { runtime } = stage.world;
  if ("stdin" in rule) return runtime.writeStdin(stage.id, rule.stdin);
  if ("signal" in rule) return runtime.signalGame(stage.id, rule.signal);
  await rcon(stage, rule.rcon, signal);
}

/** The exit when it comes within `ms`, else undefined. */
async function patiently(
  gone: Promise<Exit | null>,
  timers: Stage["world"]["ports"]["timers"],
  ms: number,
): Promise<{ exit: Exit | null } | undefined> {
  let cancel = (): void => {};
  const limit = new Promise<undefined>((resolve) => (cancel = timers.after(ms, () => resolve(undefined))));
  try {
    return await Promise.race([gone.then((exit) => ({ exit })), limit]);
  } finally {
    cancel();
  }
}
