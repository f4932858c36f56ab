/** Frames of one socket, one after the other: the order of an agent's reports is part of what they say. */
import type { Wire } from "./wire.ts";

/** Frames that wait before the socket is paused, and at how few it goes on. */
const pauseAt = 64;
const resumeAt = 16;

export interface Intake {
  push(text: string): void;
  /** Drops what waits. */
  stop(): void;
}

export function intake(
  wire: Pick<Wire, "pause" | "resume">,
  handle: (text: string) => Promise<void>,
  fail: (error: unknown) => void,
): Intake {
  const waiting: string[] = [];
  let working = false;
  let paused = false;
  let over = false;

  const work = async (): Promise<void> => {
    working = true;
    try {
      for (let text = waiting.shift(); text !== undefined && !over; text = waiting.shift()) {
        await handle(text);
        if (!paused || waiting.length > resumeAt) continue;
        paused = false;
        wire.resume();
      }
    } catch (error) {
      fail(error);
    } finally {
      working = false;
    }
  };

  return {
    push(text) {
      if (over) return;
      waiting.push(text);
      if (!paused && waiting.length >= pauseAt) {
        paused = true;
        wire.pause();
      }
      if (!working) void work();
    },
    stop() {
      over = true;
      waiting.length = 0;
    },
  };
}
