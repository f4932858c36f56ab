/** The connection to the engine: one limit and one translation of errors for every call. */
import { Agent } from "node:http";
import type { Readable } from "node:stream";
import { inspect } from "node:util";
import { AppError, messageOf, type Ports } from "@playspawn/shared";
import "./docker-unused.ts";
import Docker from "dockerode";
import { dockerAddress } from "./docker-address.ts";

export interface Engine {
  docker: Docker;
  /** `DOCKER_HOST`, for sentences. */
  host: string;
  ports: Ports;
  /**
   * Runs one call with a limit; `signal` goes into the call's options as `abortSignal`. The limit holds even for work
   * that does not mind the signal; a stream it brings too late is destroyed.
   * @throws AppError docker_unavailable | docker_denied | disk_full; an EngineFault for what the engine refused
   */
  call<T>(what: string, limitMs: number, work: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T>;
}

/** What the engine answered instead of doing it. */
export class EngineFault extends Error {
  override readonly name = "EngineFault";
  /** HTTP status. */
  readonly status: number;

  constructor(what: string, status: number, reason: string, cause: unknown) {
    super(`Docker could not ${what}: ${reason}`, { cause });
    this.status = status;
  }
}

/** @param host `unix:///var/run/docker.sock` or `tcp://127.0.0.1:2375`, as in `DOCKER_HOST` */
export function dockerEngine(host: string, ports: Ports): Engine {
  // A connection kept alive may be half dead after the engine restarts; a new one costs 0.1 ms on a unix socket.
  // docker-modem describes each call for a debug log, with everything that hangs on it, whether that log is on or not.
  // Of an agent those are the sockets of all calls under way: without this, 50 times the time of the call itself.
  const agent = Object.assign(new Agent({ keepAlive: false }), { [inspect.custom]: () => "Agent" });
  const docker = new Docker({ ...dockerAddress(host), agent } as Docker.DockerOptions);
  return {
    docker,
    host,
    ports,
    async call(what, limitMs, work, outer) {
      outer?.throwIfAborted();
      const limit = new AbortController();
      const cancel = ports.timers.after(limitMs, () => limit.abort(new Error(`no answer within ${limitMs / 1000} s`)));
      const signal = outer ? AbortSignal.any([limit.signal, outer]) : limit.signal;
      const late = Promise.withResolvers<never>();
      const stop = (): void => late.reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      const result = work(signal);
      try {
        return await Promise.race([result, late.promise]);
      } catch (error) {
        if (signal.aborted) void result.then(discard, () => {});
        outer?.throwIfAborted();
        throw translate(what, host, limit.signal.aborted ? limit.signal.reason : error);
      } finally {
        cancel();
        signal.removeEventListener("abort", stop);
      }
    },
  };
}

/** A stream that came when nobody waited for it any more would stay open for ever. */
function discard(late: unknown): void {
  (late as { destroy?: () => void } | undefined)?.destroy?.();
}

interface Modem {
  dial(options: object, done: (error: Error | null, result: unknown) => void): void;
}

/**
 * Opens an answer as a stream. dockerode reads most answers whole and waits for ever when the connection breaks in the
 * middle of one, so whatever is long goes this way: a broken stream says so.
 */
export const openStream = (
  { docker }: Engine,
  { method, path, query }: { method: "GET" | "POST"; path: string; query: object },
  abortSignal?: AbortSignal,
): Promise<Readable> =>
  new Promise((resolve, reject) => {
    // dockerode would repeat the query as a body, which a server has to read before it notices that its client left.
    const options = { _query: query, _body: {} };
    (docker.modem as Modem).dial(
      { method, path: `${path}?`, options, isStream: true, abortSignal, statusCodes: { 200: true } },
      (error, stream) => (error ? reject(error) : resolve(stream as Readable)),
    );
  });

/** Turns anything that a call threw into an error for people or for the caller's own decisions. */
export function translate(what: string, host: string, error: unknown): Error {
  if (error instanceof AppError || error instanceof EngineFault) return error;
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  const reason = reasonOf(error);
  if (/no space left on device|ENOSPC/i.test(reason) || code === "ENOSPC")
    return new AppError("disk_full", `Docker could not ${what}: the disk is full. Free some space and try again.`, {
      cause: error,
    });
  if (statusCode !== undefined) return new EngineFault(what, statusCode, reason, error);
  if (code === "EACCES" || code === "EPERM")
    return new AppError(
      "docker_denied",
      `This user may not use the Docker socket ${host}; run as root or add the user to the group docker.`,
      { cause: error },
    );
  return new AppError(
    "docker_unavailable",
    `Docker at ${host} does not answer (${what}: ${reason}); is dockerd running?`,
    { cause: error },
  );
}

/** The engine's own words, without dockerode's `(HTTP code 500) server error - `. */
export function reasonOf(error: unknown): string {
  const { json } = error as { json?: { message?: string } };
  return (json?.message ?? messageOf(error)).replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
}

export const isFault = (error: unknown, ...statuses: number[]): error is EngineFault =>
  error instanceof EngineFault && statuses.includes(error.status);

/** Limits of calls in ms. Reads are quick; what makes or kills processes may wait for a busy disk. */
export const limits = { read: 20_000, change: 60_000, remove: 120_000 } as const;
