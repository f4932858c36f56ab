/** One UDP conversation with a game: ask again and again until a packet is the answer. */
import { createSocket } from "node:dgram";
import type { Ports } from "@playspawn/shared";
import type { Target } from "./tcp.ts";

export interface Conversation<T> {
  /** What is to be asked now. */
  question(): Uint8Array;
  /**
   * Takes a packet of the game: `done` ends it (and says `goodbye`), `"ask"` asks the next question at once,
   * undefined passes the packet over. What it throws passes it over as well.
   */
  read(packet: Buffer): { done: T; goodbye?: Uint8Array } | "ask" | undefined;
}

/** No protocol of ours needs more; a game that always wants another question is asked at the usual pace. */
const hurriesMax = 3;

/**
 * Asks every `retryMs` until the answer comes; packets from elsewhere are passed over.
 * Rejects with the signal's reason: the caller owns the limit.
 */
export function askUdp<T>(
  ports: Ports,
  { address, port }: Target,
  retryMs: number,
  conversation: Conversation<T>,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const socket = createSocket("udp4");
    let hurries = 0;
    // Errors (nobody listens yet) show as silence; asking again is the answer to both.
    const send = (packet: Uint8Array, then = (): void => {}): void => socket.send(packet, port, address, then);
    const ask = (): void => send(conversation.question());
    const stopAsking = ports.timers.every(retryMs, ask);
    const finish = (goodbye?: Uint8Array): void => {
      stopAsking();
      signal.removeEventListener("abort", abort);
      socket.removeAllListeners("message");
      if (goodbye) send(goodbye, () => socket.close());
      else socket.close();
    };
    const abort = (): void => {
      finish();
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", () => {});
    socket.on("message", (packet, from) => {
      if (from.port !== port || from.address !== address) return;
      const read = attempt(() => conversation.read(packet));
      if (read === "ask") return hurries++ < hurriesMax ? ask() : undefined;
      if (!read) return;
      finish(read.goodbye);
      resolve(read.done);
    });
    ask();
  });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
