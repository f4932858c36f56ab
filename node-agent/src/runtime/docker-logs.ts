/** A game's console: its lines out, lines in. */
import type { Readable } from "node:stream";
import { AppError } from "@playspawn/shared";
import { inspect } from "./docker-containers.ts";
import { isFault, limits, openStream, translate } from "./docker-engine.ts";
import { gameId, type Games } from "./docker-games.ts";
import { demultiplex } from "./lines.ts";
import type { Runtime } from "./runtime.ts";

type LogRequest = Parameters<Runtime["logs"]>[1];

/** See Runtime.logs. */
export async function* gameLogs(games: Games, server: string, request: LogRequest): AsyncGenerator<string> {
  const { signal } = request;
  if (signal.aborted) return;
  const stream = await openLogs(games, server, request).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (!stream) return;
  const stop = (): void => void stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    yield* demultiplex(stream);
  } catch (error) {
    if (!signal.aborted) throw translate("read the game's log", games.engine.host, error);
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

async function openLogs(
  games: Games,
  server: string,
  { tail, follow, since, signal }: LogRequest,
): Promise<Readable | undefined> {
  const { engine } = games;
  try {
    const id = await gameId(games, server);
    const query = { stdout: true, stderr: true, follow, tail, ...(since === undefined ? {} : { since: since / 1000 }) };
    const request = { method: "GET", path: `/containers/${id}/logs`, query } as const;
    return await engine.call(
      "read the game's log",
      limits.read,
      (abortSignal) => openStream(engine, request, abortSignal),
      signal,
    );
  } catch (error) {
    if (isFault(error, 404, 409) || (error instanceof AppError && error.code === "not_found")) return undefined;
    throw error;
  }
}

/** See Runtime.writeStdin. */
export async function writeStdin(games: Games, server: string, line: string): Promise<void> {
  const { engine } = games;
  const id = await gameId(games, server);
  // The engine also lets one attach to a container that does not run, and then says nothing for ever.
  const detail = await inspect(engine, id);
  if (!detail?.State.Running) throw notRunning(server);
  try {
    const stream = await engine.call("attach to the game's stdin", limits.read, (abortSignal) =>
      engine.docker.getContainer(id).attach({ stream: true, stdin: true, hijack: true, abortSignal }),
    );
    await engine.call("write to the game's stdin", limits.read, (signal) => send(stream, `${line}\n`, signal));
  } catch (error) {
    if (isFault(error, 404, 409)) throw notRunning(server);
    throw error;
  }
}

const notRunning = (server: string): AppError =>
  new AppError("conflict", `The game of server ${server} is not running.`);

/** Half-closes after the line; the engine answers by closing its half when it has passed everything on. */
function send(stream: NodeJS.ReadWriteStream, text: string, signal: AbortSignal): Promise<void> {
  const socket = stream as NodeJS.ReadWriteStream & { destroy(): void };
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
    const done = (): void => {
      signal.removeEventListener("abort", stop);
      socket.destroy();
      resolve();
    };
    socket.on("error", reject);
    socket.on("end", done);
    socket.on("close", done);
    socket.on("data", () => {});
    socket.end(text);
  });
}
