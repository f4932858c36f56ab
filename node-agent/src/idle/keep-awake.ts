/** What people and programs keep servers awake for. Each has an end: who forgets to let go keeps nothing awake for ever. */
import type { Clock } from "@playspawn/shared";

/** Who reads a server's console. Each reader counts for a limited time from when they began. */
export interface Consoles {
  /** Answers what ends it. */
  open(): () => void;
  /** When the last of them counts no more, mono ms; undefined: nobody reads. */
  reading(): { until: number } | undefined;
}

export function consoles(clock: Clock, limitMs: number): Consoles {
  const readers = new Set<{ until: number }>();
  return {
    open() {
      const reader = { until: clock.mono() + limitMs };
      readers.add(reader);
      return () => void readers.delete(reader);
    },
    reading() {
      const until = Math.max(-Infinity, ...[...readers].map((one) => one.until));
      return until > clock.mono() ? { until } : undefined;
    },
  };
}

/** One lease of the whole node, renewed while its holder works. It ends by itself when that holder has died. */
export interface Lease {
  /** From now on for so long, but not past what one holder may take altogether. Answers for how long, in ms. */
  renew(ms: number): number;
  end(): void;
  held(): { until: number } | undefined;
}

/** @param mostMs of one holder, from its first word to its last; after that others may sleep before it begins anew */
export function lease(clock: Clock, mostMs: number): Lease {
  let began: number | undefined;
  let until = -Infinity;
  const held = (): boolean => until > clock.mono();
  return {
    renew(ms) {
      const now = clock.mono();
      if (!held() && until <= now - mostMs) began = undefined;
      began ??= now;
      until = Math.min(now + ms, began + mostMs);
      return Math.max(0, until - now);
    },
    end() {
      began = undefined;
      until = -Infinity;
    },
    held: () => (held() ? { until } : undefined),
  };
}
