/** The dashboard's own WebSocket as a source of events for tests: something changed, look again. */
import WebSocket from "ws";

export interface Live {
  /** Calls `look` now and after every message until it answers something but false; fails after `limitMs` with what was seen last. */
  until<T>(what: string, limitMs: number, look: () => Promise<T | false | undefined>): Promise<T>;
  close(): void;
}

const reconnectMs = 200;
/** Changes that send no message (a process that dies) are found by this. */
const lookAgainMs = 500;

export function live(url: () => string, token: () => string): Live {
  const listeners = new Set<() => void>();
  let closed = false;
  let socket: WebSocket | undefined;
  const connect = (): void => {
    if (closed) return;
    socket = new WebSocket(`${url().replace(/^http/, "ws")}/api/v1/live`, {
      headers: { authorization: `Bearer ${token()}` },
    });
    socket.on("message", () => listeners.forEach((listener) => listener()));
    socket.on("error", () => {});
    socket.on("close", () => setTimeout(connect, reconnectMs));
  };
  connect();
  return {
    async until(what, limitMs, look) {
      const end = Date.now() + limitMs;
      let last: unknown = "nothing yet";
      while (Date.now() < end) {
        const changed = nextChange(listeners);
        try {
          const answer = await look();
          if (answer !== undefined && answer !== false) return answer;
        } catch (error) {
          last = error;
        }
        await changed;
      }
      throw new Error(`${what}: not within ${limitMs} ms`, { cause: last });
    },
    close() {
      closed = true;
      socket?.close();
    },
  };
}

function nextChange(listeners: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      listeners.delete(done);
      resolve();
    };
    const timer = setTimeout(done, lookAgainMs);
    listeners.add(done);
  });
}
