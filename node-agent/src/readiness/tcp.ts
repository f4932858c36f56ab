/** One TCP conversation with a game: connect, send, read until an answer is complete. Every step has a limit. */
import { connect } from "node:net";
import type { Timers } from "@playspawn/shared";

export interface Target {
  address: string;
  port: number;
}

export interface TcpLimits {
  connectMs: number;
  /** From the connection to the complete answer. */
  answerMs: number;
  bytes: number;
}

/**
 * Sends `request` and hands everything received so far to `read`, which answers undefined while it needs more, and
 * hears when the other side has said that this is all.
 * @throws Error when refused, too slow, too long or closed early, what `read` throws, or the signal's reason.
 */
export function converse<T>(
  timers: Timers,
  { address, port }: Target,
  limits: TcpLimits,
  request: Uint8Array,
  read: (received: Buffer, isAll: boolean) => T | undefined,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    let received: Buffer = Buffer.alloc(0);
    const socket = connect({ host: address, port, noDelay: true });
    const fail = (error: Error): void => {
      finish();
      reject(error);
    };
    const late = (what: string) => (): void => fail(new Error(`${address}:${port} ${what}`));
    const abort = (): void => fail(signal.reason as Error);
    let cancel = timers.after(limits.connectMs, late(`took no connection within ${limits.connectMs} ms`));
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", abort);
      socket.destroy();
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => {
      cancel();
      cancel = timers.after(limits.answerMs, late(`gave no complete answer within ${limits.answerMs} ms`));
      socket.write(request);
      attempt();
    });
    const attempt = (isAll = false): void => {
      try {
        const answer = read(received, isAll);
        if (answer === undefined) return;
        finish();
        resolve(answer);
      } catch (error) {
        fail(error as Error);
      }
    };
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > limits.bytes) return fail(new Error(`${address}:${port} answered with too much`));
      attempt();
    });
    socket.once("end", () => attempt(true));
    socket.once("error", fail);
    socket.once("close", () => fail(new Error(`${address}:${port} closed the connection`)));
  });
}

/**
 * For a connection to a game that boots: a SYN that meets a network that is only just being made is repeated by the
 * kernel after a whole second, a new try comes sooner.
 */
export const bootConnectMs = 100;

/** Resolves when the port takes a connection. */
export const tcpOpen = (timers: Timers, target: Target, signal: AbortSignal): Promise<true> =>
  converse(timers, target, { connectMs: bootConnectMs, answerMs: 100, bytes: 0 }, new Uint8Array(), () => true, signal);
