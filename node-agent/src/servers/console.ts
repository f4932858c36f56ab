/** Reads what a game says: its last words for an error, its whole run for the files. */
import type { Runtime } from "../runtime/runtime.ts";
import type { Stage } from "./stage.ts";

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

/** Keeps the console of the run that just ended. Losing it must not keep a server from sleeping. */
export async function keepConsole(stage: Stage): Promise<void> {
  const { files, fail, log } = stage.world;
  if (stage.startedAt === null) return;
  try {
    await files.keepLog(stage.id, stage.startedAt, await recentLines(stage, runLinesMax));
    fail("log.kept");
  } catch (error) {
    log.warn({ server: stage.id, err: error }, "the console log could not be kept");
  }
}
