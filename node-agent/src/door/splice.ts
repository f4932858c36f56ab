/** The relayed part of a TCP connection: reaches the game and passes bytes both ways. */
import { type Socket, connect } from "node:net";
import type { Ports } from "@playspawn/shared";

export interface Target {
  host: string;
  port: number;
}

const firstRetryMs = 25;
const longestRetryMs = 250;
/** Notices players whose machine vanished without a goodbye. */
const keepAliveMs = 60_000;

function dialOnce(target: Target, limitMs: number, ports: Ports, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, noDelay: true, allowHalfOpen: true });
    const settle = (): void => {
      cancel();
      signal.removeEventListener("abort", abort);
      socket.off("error", fail);
      socket.off("connect", succeed);
    };
    const fail = (error: Error): void => {
      settle();
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const succeed = (): void => {
      settle();
      resolve(socket);
    };
    const abort = (): void => fail(new Error("given up"));
    const cancel = ports.timers.after(limitMs, () => fail(new Error(`no answer within ${limitMs} ms`)));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", succeed);
  });
}

/** Connects to the game, trying again until `limitMs` is over. Rejects with the last failure, at once when aborted. */
export async function dial(target: Target, limitMs: number, ports: Ports, signal: AbortSignal): Promise<Socket> {
  const until = ports.clock.mono() + limitMs;
  for (let pauseMs = firstRetryMs; ; pauseMs = Math.min(pauseMs * 2, longestRetryMs)) {
    const leftMs = until - ports.clock.mono();
    try {
      return await dialOnce(target, Math.max(1, leftMs), ports, signal);
    } catch (error) {
      if (signal.aborted || leftMs <= pauseMs) throw error;
    }
    await ports.timers.sleep(pauseMs, signal);
  }
}

function pump(from: Socket, to: Socket, onBytes: (bytes: number) => void): void {
  from.on("data", (chunk) => {
    onBytes(chunk.length);
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.on("end", () => to.end());
  if (from.readableEnded) to.end();
}

/** A side that broke ends the other; one that closed in order leaves the other to finish what it has to write. */
function tieEnds(one: Socket, other: Socket): void {
  one.on("error", () => other.destroy());
  one.on("close", () => {
    if (!one.readableEnded || !one.writableFinished) other.destroy();
  });
}

export interface Counters {
  onIn(bytes: number): void;
  onOut(bytes: number): void;
  /** Once, when both ends are closed. */
  onOver(): void;
}

/** Passes bytes both ways with backpressure and half-close until both ends are closed. `first` goes before all else. */
export function splice(client: Socket, game: Socket, first: readonly Buffer[], counters: Counters): void {
  for (const socket of [client, game]) socket.setKeepAlive(true, keepAliveMs);
  tieEnds(client, game);
  tieEnds(game, client);
  let open = 2;
  const closed = (): void => {
    if (--open === 0) counters.onOver();
  };
  for (const socket of [client, game]) {
    if (socket.closed) closed();
    else socket.once("close", closed);
  }
  game.cork();
  for (const chunk of first) game.write(chunk);
  game.uncork();
  pump(client, game, counters.onIn);
  pump(game, client, counters.onOut);
  client.resume();
  game.resume();
}
