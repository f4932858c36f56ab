/** A game's console: its lines out, lines in. */
import type { Readable } from "node:stream";
import { AppError } from "@playspawn/shared";
import { channel } from "./channel.ts";
import { inspect } from "./docker-containers.ts";
import { isFault, limits, openStream, translate } from "./docker-engine.ts";
import { gameId, type Games } from "./docker-games.ts";
import { demultiplex, type LogLine } from "./lines.ts";
import { LogPlace, stampBytes } from "./log-place.ts";
import type { Runtime } from "./runtime.ts";

type LogRequest = Parameters<Runtime["logs"]>[1];
/** `since` in seconds. */
type LogQuery = Pick<LogRequest, "tail" | "follow"> & { since: string | undefined };

/** How many lines are read on with: few cost the engine little, and many are tried when those were not enough. */
const readOnLines = [500, 100_000];
/** Between two readings of a log that goes on and on. */
const pauseMs = 50;
/** A followed log is looked at this often even if the engine says nothing. */
const quietMs = 2000;
const clockSlackMs = 5000;
const whatFails = "read the game's log";
const skippedText = "… lines were skipped";

/**
 * See Runtime.logs. Followers of a log whose file is rotated are told lines again, or not at all, and then nothing more
 * (Docker 20.10). So the engine's following only rings a bell, and the lines are read on from where they were told.
 */
export async function* gameLogs(games: Games, server: string, request: LogRequest): AsyncGenerator<string> {
  const log = new GameLog(games, server, request);
  if (request.follow) yield* log.follow();
  else yield* log.read([request.tail]);
}

class GameLog {
  readonly #games: Games;
  readonly #server: string;
  readonly #request: LogRequest;
  readonly #place: LogPlace;
  readonly #bell = channel<"heard" | "time">(1, (rings) => [rings.includes("heard") ? "heard" : "time"]);
  #ringing: Readable | undefined;

  constructor(games: Games, server: string, request: LogRequest) {
    this.#games = games;
    this.#server = server;
    this.#request = request;
    this.#place = new LogPlace(request.since);
  }

  async *follow(): AsyncGenerator<string> {
    const { tail, signal } = this.#request;
    const { timers } = this.#games.engine.ports;
    const cancel = timers.every(quietMs, () => this.#bell.push("time"));
    // At once, for whoever aborts may never ask for another line.
    const stop = (): void => {
      cancel();
      this.#bell.close();
      this.#ringing?.destroy();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (!(await this.#listen())) return;
      if (tail > 0) yield* this.read([tail]);
      else for await (const line of this.#lines(1)) this.#place.take(line);
      for await (const ring of this.#bell) {
        const hasNews = yield* this.read(readOnLines);
        // It should have rung.
        if (hasNews && ring === "time") await this.#listen();
        await timers.sleep(pauseMs, signal).catch(() => {});
      }
      yield* this.read(readOnLines);
    } finally {
      signal.removeEventListener("abort", stop);
      stop();
    }
  }

  /** Tells what is new, with the first of `tails` that reaches back to what was told. Answers whether there was anything. */
  async *read([tail = 0, ...larger]: readonly number[]): AsyncGenerator<string, boolean> {
    const place = this.#place;
    place.noLaterThan(this.#games.engine.ports.clock.now() + clockSlackMs);
    let isFirst = true;
    let hasNews = false;
    for await (const line of this.#lines(tail)) {
      if (isFirst && place.isBefore(line)) {
        if (larger.length > 0) return yield* this.read(larger);
        if (!place.isAtStart) yield skippedText;
      }
      isFirst = false;
      const text = place.take(line);
      if (text === undefined) continue;
      hasNews = true;
      yield text;
    }
    return hasNews;
  }

  /** The last `tail` lines from the place on; none without a container. */
  async *#lines(tail: number): AsyncGenerator<LogLine> {
    const { signal } = this.#request;
    const stream = await this.#open({ tail, follow: false, since: this.#place.since });
    if (!stream) return;
    const stop = (): void => void stream.destroy();
    signal.addEventListener("abort", stop, { once: true });
    try {
      yield* demultiplex(stream, stampBytes);
    } catch (error) {
      if (!signal.aborted) throw this.#fault(error);
    } finally {
      signal.removeEventListener("abort", stop);
      stream.destroy();
    }
  }

  /** Has the engine ring the bell from now on. Answers false without a container. */
  async #listen(): Promise<boolean> {
    const stream = await this.#open({ tail: 0, follow: true, since: undefined });
    if (!stream) return false;
    this.#ringing?.destroy();
    this.#ringing = stream;
    if (this.#request.signal.aborted) stream.destroy();
    const close = (error?: unknown): void => {
      if (this.#ringing === stream) this.#bell.close(error === undefined ? undefined : this.#fault(error));
    };
    stream.on("data", () => this.#bell.push("heard"));
    stream.on("end", () => close());
    stream.on("error", close);
    return true;
  }

  /** Undefined without a container, and when nobody wants it any more. */
  async #open(query: LogQuery): Promise<Readable | undefined> {
    const { engine } = this.#games;
    const { signal } = this.#request;
    if (signal.aborted) return undefined;
    try {
      const id = await gameId(this.#games, this.#server);
      const request = {
        method: "GET",
        path: `/containers/${id}/logs`,
        query: { stdout: true, stderr: true, timestamps: true, ...query },
      } as const;
      return await engine.call(
        whatFails,
        limits.read,
        (abortSignal) => openStream(engine, request, abortSignal),
        signal,
      );
    } catch (error) {
      if (signal.aborted || isFault(error, 404, 409)) return undefined;
      if (error instanceof AppError && error.code === "not_found") return undefined;
      throw error;
    }
  }

  #fault(error: unknown): Error {
    return translate(whatFails, this.#games.engine.host, error);
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
