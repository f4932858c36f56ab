/** Reads what a game says: its last words for an error, its whole run for the files. */
import type { Exit, Runtime } from "../runtime/runtime.ts";
import { unitOf, type Stage } from "./stage.ts";

const runLinesMax = 5_000;
const readLimitMs = 10_000;

/** Lines of the present container, oldest first; what could not be read within 10 s is missing. */
export async function recentLines(stage: Stage, tail: number): Promise<string[]> {
  const { runtime, ports } = stage.world;
  const limit = new AbortController();
  const cancel = ports.timers.after(readLimitMs, () => limit.abort(new Error("reading the log took too long")));
  const since = stage.startedAt === null ? {} : { since: stage.startedAt };
  try {
    return await collect(runtime.logs(stage.id, { tail, follow: false, signal: limit.signal, ...since }));
  } finally {
    cancel();
  }
}

async function collect(lines: ReturnType<Runtime["logs"]>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** The run is over: its console is kept, and no later agent takes its end for news. @param exit null: there was none to see */
export async function endRun(stage: Stage, exit: Exit | null): Promise<void> {
  if (stage.startedAt !== null) await keepConsole(stage, stage.startedAt);
  stage.startedAt = null;
  stage.frozen = false;
  stage.thawedAt = null;
  if (exit) stage.memo.note({ seenExit: exit.at });
}

/** Losing it must not keep a server from sleeping. */
async function keepConsole(stage: Stage, startedAt: number): Promise<void> {
  const { files, fail, log } = stage.world;
  try {
    const lines = await recentLines(stage, runLinesMax);
    // The engine's own time names the run: the next agent knows no other, and must not keep it once more.
    const unit = await unitOf(stage).catch(() => null);
    await files.keepLog(stage.id, unit?.game?.startedAt ?? startedAt, lines);
    fail("log.kept");
  } catch (error) {
    log.warn({ server: stage.id, err: error }, "the console log could not be kept");
  }
}
