/** Ends what a session keeps open, sockets and long answers, within seconds of the session's own end. */
import type { Ports } from "@playspawn/shared";
import type { Bus } from "../bus/bus.ts";
import type { Log } from "../log.ts";

export interface SessionWatch {
  /** Calls `end` once when the session no longer counts, or never, when the returned function was called before. */
  watch(sessionId: string, end: () => void): () => void;
  close(): void;
}

export interface SessionWatchDeps {
  bus: Bus;
  ports: Ports;
  log: Log;
  /** Of these session ids, the ones that still count. */
  aliveSessions(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** How often sessions are asked about, besides at once when one is ended here: it may expire, or be deleted elsewhere. */
const checkMs = 4000;

export function createSessionWatch({ bus, ports, log, aliveSessions }: SessionWatchDeps): SessionWatch {
  const watched = new Map<string, Set<() => void>>();
  const endAll = (sessionIds: readonly string[]): void => {
    for (const id of sessionIds) {
      const ends = watched.get(id) ?? [];
      watched.delete(id);
      for (const end of ends) end();
    }
  };
  const check = async (): Promise<void> => {
    // Whoever comes while we ask was not asked about.
    const asked = [...watched.keys()];
    if (asked.length === 0) return;
    const alive = await aliveSessions(asked);
    endAll(asked.filter((id) => !alive.has(id)));
  };
  const stops = [
    bus.subscribe("sessionsEnded", ({ sessionIds }) => endAll(sessionIds)),
    ports.timers.every(checkMs, () => {
      check().catch((error: unknown) => log.error({ err: error }, "open sessions are not checked"));
    }),
  ];
  return {
    watch(sessionId, end) {
      const ends = watched.get(sessionId) ?? new Set();
      watched.set(sessionId, ends.add(end));
      return () => {
        ends.delete(end);
        if (ends.size === 0 && watched.get(sessionId) === ends) watched.delete(sessionId);
      };
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}
