/**
 * Publish and subscribe inside this process. Delivery is synchronous and keeps nothing, so the only thing that
 * could grow is the number of subscribers, and that has a limit. Publish after the commit, never inside a transaction.
 */
import { messageOf, type LiveMessage } from "@playspawn/shared";
import type { Log } from "../log.ts";

/** What travels to dashboards. */
export interface LiveNews {
  /** Whose it is: only they and admins receive it. null: admins only. */
  ownerId: string | null;
  message: LiveMessage;
}

/** Every topic and what is said on it. */
export interface Topics {
  live: LiveNews;
  /** These sessions no longer count: whoever serves one stops within seconds. */
  sessionsEnded: { sessionIds: readonly string[] };
}

export interface Bus {
  publish<T extends keyof Topics>(topic: T, message: Topics[T]): void;
  /** The returned function ends the subscription. @throws Error at the limit: somebody forgets to end theirs. */
  subscribe<T extends keyof Topics>(topic: T, listener: (message: Topics[T]) => void): () => void;
}

const subscribersMax = 1000;

export function createBus(log: Log): Bus {
  const listeners = new Map<keyof Topics, Set<(message: never) => void>>();
  return {
    publish(topic, message) {
      for (const listener of listeners.get(topic) ?? [])
        try {
          listener(message as never);
        } catch (error) {
          log.error({ topic, reason: messageOf(error) }, "a subscriber failed");
        }
    },
    subscribe(topic, listener) {
      const all = listeners.get(topic) ?? new Set();
      if (all.size >= subscribersMax) throw new Error(`more than ${subscribersMax} subscribers of ${topic}`);
      listeners.set(topic, all.add(listener));
      return () => void all.delete(listener);
    },
  };
}
