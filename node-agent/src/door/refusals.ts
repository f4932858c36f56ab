/**
 * Who was turned away, where and why: counted, and said to the log and to the agent, the sooner the rarer it is. A flood
 * fills neither.
 */
import { type Clock, type RefusalReason, addressKey } from "@playspawn/shared";
import type { Refused } from "./door-client.ts";
import type { Log } from "./log.ts";

/** Said at once, then after this; each time that there is more to say after twice as long as before. */
const firstGapMs = 60_000;
const longestGapMs = 60 * 60_000;
/** Whose counts are kept apart. Of more of them it is only known that there were more. */
const sourcesMax = 64;

interface Entry {
  server: string;
  reason: RefusalReason;
  limit: string | undefined;
  refused: number;
  sources: Map<string, number>;
  saidAt: number;
  gapMs: number;
}

export interface Refusals {
  /** Somebody was turned away at `server`. @param limit what is used up, by its name in `Limits` */
  count(server: string, reason: RefusalReason, address: string, limit?: string): void;
  /** Says what came together since it was last said; called every second. What nobody hears is kept. */
  tell(): void;
}

/** @param say to the agent; answers whether it is there */
export function refusals(clock: Clock, log: Log, say: (refused: Refused[]) => boolean): Refusals {
  const entries = new Map<string, Entry>();
  const fresh = { refused: 0, saidAt: -Infinity, gapMs: firstGapMs };
  return {
    count(server, reason, address, limit) {
      const key = `${server} ${reason} ${limit ?? ""}`;
      const entry = entries.get(key) ?? { ...fresh, server, reason, limit, sources: new Map() };
      entry.refused++;
      countSource(entry.sources, addressKey(address));
      entries.set(key, entry);
    },
    tell() {
      const now = clock.mono();
      const due = [...entries].filter(([, entry]) => now - entry.saidAt >= entry.gapMs);
      for (const [key, { refused }] of due) if (refused === 0) entries.delete(key);
      const news = due.map(([, entry]) => entry).filter(({ refused }) => refused > 0);
      if (news.length === 0 || !say(news.map(said))) return;
      for (const entry of news) {
        log.warn(said(entry), "somebody was turned away");
        const gapMs = entry.saidAt === -Infinity ? firstGapMs : Math.min(entry.gapMs * 2, longestGapMs);
        Object.assign(entry, { refused: 0, saidAt: now, gapMs });
        entry.sources.clear();
      }
    },
  };
}

function countSource(sources: Map<string, number>, source: string): void {
  const count = sources.get(source);
  if (count !== undefined || sources.size < sourcesMax) sources.set(source, (count ?? 0) + 1);
}

/** With the source that came most often. */
function said({ server, reason, limit, refused, sources }: Entry): Refused {
  const most = [...sources].reduce((a, b) => (b[1] > a[1] ? b : a));
  const figures = { refused, sources: sources.size, source: most[0] };
  return { server, reason, ...(limit !== undefined && { limit }), ...figures };
}
