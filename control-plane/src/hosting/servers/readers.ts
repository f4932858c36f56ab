/** Streams that people read of servers, so that they can be ended when a server becomes somebody else's. */
import { notFound } from "@playspawn/shared";

export interface Reader {
  teamId: string;
  role: "admin" | "user";
}

export interface Readers {
  /**
   * @param signal aborts when the request is over, however it ends: what is opened is known until then
   * @returns aborts with it, or once the reader may not read any longer
   */
  open(id: string, reader: Reader, signal: AbortSignal): AbortSignal;
  endOthers(id: string, ownerId: string): void;
  /** Servers that somebody reads of. */
  size(): number;
}

export function readers(): Readers {
  const open = new Map<string, Set<{ reader: Reader; over: AbortController }>>();
  return {
    open(id, reader, signal) {
      if (signal.aborted) return signal;
      const mine = { reader, over: new AbortController() };
      const all = open.get(id) ?? new Set();
      open.set(id, all.add(mine));
      // Not at the end of the stream: one that nobody began to read never comes to it.
      const end = (): void => {
        all.delete(mine);
        if (all.size === 0 && open.get(id) === all) open.delete(id);
      };
      signal.addEventListener("abort", end, { once: true });
      return AbortSignal.any([signal, mine.over.signal]);
    },
    endOthers(id, ownerId) {
      for (const { reader, over } of open.get(id) ?? [])
        if (reader.role !== "admin" && reader.teamId !== ownerId) over.abort(notFound("server", id));
    },
    size: () => open.size,
  };
}
