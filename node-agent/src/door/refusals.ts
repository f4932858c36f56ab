/** Says in the log which limit turned players away, once a minute for each server and limit: a flood fills no log. */
import type { Clock } from "@playspawn/shared";
import type { Log } from "./log.ts";

const everyMs = 60_000;

export interface Refusals {
  /** Somebody was turned away at `server`; `limit` is the name of what is used up, as in `Limits`. */
  count(server: string, limit: string): void;
  /** Says what came together since it was last said; called every second. */
  tell(): void;
}

export function refusals(clock: Clock, log: Log): Refusals {
  const entries = new Map<string, { server: string; limit: string; refused: number; saidAt: number }>();
  return {
    count(server, limit) {
      const key = `${server} ${limit}`;
      const entry = entries.get(key) ?? { server, limit, refused: 0, saidAt: -Infinity };
      entry.refused++;
      entries.set(key, entry);
    },
    tell() {
      const now = clock.mono();
      for (const [key, entry] of entries) {
        if (now - entry.saidAt < everyMs) continue;
        if (entry.refused === 0) entries.delete(key);
        else log.warn({ server: entry.server, limit: entry.limit, refused: entry.refused }, "the door is full");
        Object.assign(entry, { refused: 0, saidAt: now });
      }
    },
  };
}
