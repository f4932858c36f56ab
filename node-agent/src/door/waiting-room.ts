/**
 * Who waits at sleeping servers over TCP, and how many may. When a server's room is full, the connection that has said
 * nothing for longest makes place: a flood of silent connections must not keep players out.
 */
import { type Counted, counted, shares } from "./counted.ts";
import type { Limits } from "./limits.ts";

export interface Waiting {
  readonly server: string;
  /** The budget key of its address. */
  readonly source: string;
  /** It has not said yet what it wants. */
  greeting(): boolean;
  /** Ends it; it leaves the room by itself. */
  evict(): void;
}

export interface WaitingRoom {
  /** Lets `guest` in, evicting at most one other. Answers the limit that forbids it, or undefined when it is in. */
  enter(guest: Waiting): keyof Limits | undefined;
  leave(guest: Waiting): void;
}

/** @param servers how many servers share the room */
export function waitingRoom(limits: Limits, servers: () => number): WaitingRoom {
  const perSource: Counted = counted(limits.waitingPerSource);
  const seats = shares(limits.waitingPerDoor, servers);
  const perServer = new Map<string, Set<Waiting>>();

  const evictOne = (room: Set<Waiting>): boolean => {
    for (const guest of room) {
      if (!guest.greeting()) continue;
      guest.evict();
      return true;
    }
    return false;
  };

  return {
    enter(guest) {
      const { server, source } = guest;
      const room = perServer.get(server) ?? new Set();
      if (!perSource.take(source)) return "waitingPerSource";
      const isFull = room.size >= limits.waitingPerServer;
      if ((isFull || seats.full(server)) && !evictOne(room)) {
        perSource.give(source);
        return isFull ? "waitingPerServer" : "waitingPerDoor";
      }
      seats.force(server, 1);
      perServer.set(server, room.add(guest));
      return undefined;
    },
    leave(guest) {
      const room = perServer.get(guest.server);
      if (!room?.delete(guest)) return;
      seats.give(guest.server, 1);
      perSource.give(guest.source);
      if (room.size === 0) perServer.delete(guest.server);
    },
  };
}
