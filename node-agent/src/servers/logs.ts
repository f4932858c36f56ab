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
  world: Pick<World, "files" | "runtime">,
  supervisor: Supervisor,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const left = request.follow ? supervisor.consoles.open() : (): void => undefined;
  try {
    yield* linesOf(world, supervisor, request, signal);
  } finally {
    left();
  }
}

async function* linesOf(
  world: Pick<World, "files" | "runtime">,
  supervisor: Supervisor,
  { server, tail, follow }: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { files, runtime } = world;
  const first = supervisor.startedAt;
  const live = first === null ? 0 : await count(runtime.logs(server, { tail, follow: false, since: first, signal }));
  // The seam counts as a line, and stands only before a run that is shown from its beginning.
  const seam = first !== null && live < tail ? [await headingOf(world, server, first)] : [];
  yield* await files.keptLog(server, Math.max(0, tail - live - seam.length));
  yield* seam;
  if (first !== null) yield* runtime.logs(server, { tail, follow, since: first, signal });
  let last = first;
  while (follow && !signal.aborted && !supervisor.closed) {
    await supervisor.until(() => supervisor.startedAt !== null && supervisor.startedAt !== last, signal);
    last = supervisor.startedAt;
    if (last === null || supervisor.closed) continue;
    yield await headingOf(world, server, last);
    yield* runtime.logs(server, { tail: 10_000, follow: true, since: last, signal });
  }
}

/** The engine's own time names a run, here as in what is kept of it; the agent's is a moment before. */
async function headingOf({ runtime }: Pick<World, "runtime">, server: string, startedAt: number): Promise<string> {
  const units = await runtime.list().catch(() => []);
  return heading(units.find((unit) => unit.server === server)?.game?.startedAt ?? startedAt);
}

async function count(lines: AsyncIterable<unknown>): Promise<number> {
  let n = 0;
  for await (const _line of lines) n++;
  return n;
}
