/** A WebSocket client for tests that remembers what it was told. */
import type { ExecutionContext } from "ava";
import { WebSocket } from "ws";

export interface TestSocket {
  socket: WebSocket;
  /** Resolves with the next message that `matches`, also one that came already. */
  next<T = Record<string, unknown>>(matches?: (message: T) => boolean): Promise<T>;
  /** Resolves with the close code. */
  closed: Promise<number>;
}

/** Opens a socket; it goes with the test. @throws Error with the status when the server refuses */
export async function openSocket(
  t: ExecutionContext,
  url: string,
  headers: Record<string, string>,
): Promise<TestSocket> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
  t.teardown(() => socket.terminate());
  const messages: unknown[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    messages.push(JSON.parse(String(data)));
    for (const wake of waiting) wake();
  });
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    socket,
    closed,
    next<T>(matches: (message: T) => boolean = () => true) {
      return new Promise<T>((resolve) => {
        const look = (): void => {
          const at = messages.findIndex((message) => matches(message as T));
          if (at < 0) return;
          waiting.delete(look);
          resolve(messages.splice(at, 1)[0] as T);
        };
        waiting.add(look);
        look();
      });
    },
  };
}

/** The HTTP status that an upgrade is refused with; 101 when it is not. */
export function upgradeStatus(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("unexpected-response", (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on("error", (error) => reject(error));
  });
}
