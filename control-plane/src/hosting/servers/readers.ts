/** Streams that people read of servers, so that they can be ended when a server becomes somebody else's. */
import { notFound } from "@playspawn/shared";

export interface Reader {
  teamId: string;
  role: "admin" | "user";
}

export interface Readers {
  /** A signal that aborts with `signal`, or once the reader may not read any longer. Call `end` when nothing is read any more. */
  open(id: string, reader: Reader, signal: AbortSignal): { signal: AbortSignal; end(): void };
  endOthers(id: string, ownerId: string): void;
}

export function readers(): Readers {
  const open = new Map<string, Set<{ reader: Reader; over: AbortController }>>();
  return {
    open(id, reader, signal) {
      const mine = { reader, over: new AbortController() };
      const all = open.get(id) ?? new Set();
      open.set(id, all.add(mine));
      return {
        signal: AbortSignal.any([signal, mine.over.signal]),
        end() {
          all.delete(mine);
          if (all.size === 0 && open.get(id) === all) open.delete(id);
        },
      };
    },
    endOthers(id, ownerId) {
      for (const { reader, over } of open.get(id) ?? [])
        if (reader.role !== "admin" && reader.teamId !== ownerId) over.abort(notFound("server", id));
    },
  };
}
