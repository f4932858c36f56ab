/** When a server counts as empty. Pure: told what was seen, asked how long ago that was. */

/** Right after a wake, and after somebody knocked, a client may still be loading its map. */
export const graceMaxMs = 60_000;

export interface Sight {
  /** Players counted by a query, `silent` when it was not answered; left out when none was made. */
  players?: number | "silent";
  /** Totals at the door; left out while no door is connected. */
  traffic?: { open: number; held: number; accepted: number; bytesIn: number };
}

export interface Activity {
  /** @param at mono ms */
  saw(at: number, sight: Sight): void;
  /** Somebody knocked or woke it: the idle time starts anew. */
  stirred(at: number): void;
  /** Long enough without activity. `idleSeconds: null` never. */
  idle(at: number, idleSeconds: number | null): boolean;
  /** When it will have been without activity for long enough, mono ms; null: never. */
  idleAt(idleSeconds: number | null): number | null;
}

/** @param readyAt mono ms of the wake; @param counted players of this game are counted by query, so traffic says little */
export function activity(readyAt: number, counted: boolean): Activity {
  let active = readyAt;
  let newcomer = readyAt;
  let held = 0;
  let before: { accepted: number; bytesIn: number } | undefined;

  const watchDoor = (at: number, traffic: NonNullable<Sight["traffic"]>): void => {
    held = traffic.held;
    // A door that was started again counts from zero: a smaller figure is news as well.
    const fresh = before !== undefined && traffic.accepted !== before.accepted;
    const flowing = before !== undefined && traffic.bytesIn !== before.bytesIn;
    if (fresh || held > 0) newcomer = at;
    if (!counted && (traffic.open > 0 || held > 0 || fresh || flowing)) active = at;
    before = traffic;
  };
  const idleAt = (idleSeconds: number | null): number | null => {
    if (idleSeconds === null || held > 0) return null;
    const graceMs = Math.min(graceMaxMs, idleSeconds * 1000);
    return Math.max(active + idleSeconds * 1000, newcomer + graceMs, readyAt + graceMs);
  };
  return {
    saw(at, { players, traffic }) {
      if (traffic) watchDoor(at, traffic);
      // Silence is not emptiness.
      if (counted && players !== undefined && players !== 0) active = at;
    },
    stirred(at) {
      active = newcomer = at;
    },
    idle: (at, idleSeconds) => at >= (idleAt(idleSeconds) ?? Infinity),
    idleAt,
  };
}
