/** Frames of one socket, one after the other: the order of an agent's reports is part of what they say. */
import type { Wire } from "./wire.ts";

/** What waits before the socket is paused, and at how little it goes on. */
const pauseAt = { frames: 64, characters: 4 * 1024 * 1024 };
const resumeAt = { frames: 16, characters: 1024 * 1024 };

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
  let characters = 0;
  let working = false;
  let paused = false;
  let over = false;

  const next = (): string | undefined => {
    const text = waiting.shift();
    characters -= text?.length ?? 0;
    return text;
  };

  const work = async (): Promise<void> => {
    working = true;
    try {
      for (let text = next(); text !== undefined && !over; text = next()) {
        await handle(text);
        if (!paused || waiting.length > resumeAt.frames || characters > resumeAt.characters) continue;
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
      characters += text.length;
      if (!paused && (waiting.length >= pauseAt.frames || characters >= pauseAt.characters)) {
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
