/**
 * Who waits at sleeping servers over TCP, and how many may. When a server's room is full, the connection that has said
 * nothing for longest makes place: a flood of silent connections must not keep players out.
 */
import { type Counted, counted } from "./counted.ts";
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
  /** Lets `guest` in if there is room, evicting at most one other. */
  enter(guest: Waiting): boolean;
  leave(guest: Waiting): void;
}

export function waitingRoom(limits: Limits): WaitingRoom {
  const perSource: Counted = counted(limits.waitingPerSource);
  const perServer = new Map<string, Set<Waiting>>();
  let total = 0;

  const makeRoom = (room: Set<Waiting>): boolean => {
    if (room.size < limits.waitingPerServer && total < limits.waitingPerDoor) return true;
    for (const guest of room) {
      if (!guest.greeting()) continue;
      guest.evict();
      return true;
    }
    return false;
  };

  const leave = (guest: Waiting): void => {
    const room = perServer.get(guest.server);
    if (!room?.delete(guest)) return;
    total--;
    perSource.give(guest.source);
    if (room.size === 0) perServer.delete(guest.server);
  };

  return {
    enter(guest) {
      if (!perSource.take(guest.source)) return false;
      if (!makeRoom(perServer.get(guest.server) ?? new Set())) {
        perSource.give(guest.source);
        return false;
      }
      const room = perServer.get(guest.server) ?? new Set();
      perServer.set(guest.server, room.add(guest));
      total++;
      return true;
    },
    leave,
  };
}
