/** One server's console as people read it: what was kept of past runs, then what the present run says, then what comes. */
import { heading } from "./console-log.ts";
import type { Supervisor } from "./supervisor.ts";
import type { World } from "./world.ts";

export interface LogRequest {
  server: string;
  tail: number;
  follow: boolean;
}

/** The last `tail` lines, oldest first; with `follow` on and on, over sleeps and restarts, until the signal aborts. */
export async function* consoleOf(
  { files, runtime }: Pick<World, "files" | "runtime">,
  supervisor: Supervisor,
  { server, tail, follow }: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const first = supervisor.startedAt;
  const live = first === null ? 0 : await count(runtime.logs(server, { tail, follow: false, since: first, signal }));
  // The seam counts as a line, and stands only before a run that is shown from its beginning.
  const seam = first !== null && live < tail ? [heading(first)] : [];
  yield* await files.keptLog(server, Math.max(0, tail - live - seam.length));
  yield* seam;
  if (first !== null) yield* runtime.logs(server, { tail, follow, since: first, signal });
  let last = first;
  while (follow && !signal.aborted && !supervisor.closed) {
    await supervisor.until(() => supervisor.startedAt !== null && supervisor.startedAt !== last, signal);
    last = supervisor.startedAt;
    if (last === null || supervisor.closed) continue;
    yield heading(last);
    yield* runtime.logs(server, { tail: 10_000, follow: true, since: last, signal });
  }
}

async function count(lines: AsyncIterable<unknown>): Promise<number> {
  let n = 0;
  for await (const _line of lines) n++;
  return n;
}
