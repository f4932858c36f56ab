/**
 * What moved at a server's ports, from totals that begin anew whenever a door or a table of the packet filter does: a
 * smaller figure is a reset, and all that it counts is new. Pure.
 */
import type { Traffic } from "../door/door-client.ts";

export interface Counters {
  /** Datagrams and reads since the last look; null at the first one, of which nothing is known. @param at mono ms */
  saw(at: number, traffic: Pick<Traffic, "packetsIn">): number | null;
  /** Of the last minute. */
  lastMinute(at: number): number;
}

const minuteMs = 60_000;
/** Looks in a minute, one a second; more often they are put together. */
const stepMs = 1_000;

export function counters(): Counters {
  let before: number | undefined;
  /** Movement by second, oldest first; a minute of them at most. */
  const moves: { at: number; packets: number }[] = [];
  const forget = (at: number): void => {
    while (moves[0] && at - moves[0].at >= minuteMs) moves.shift();
  };
  return {
    saw(at, { packetsIn }) {
      const known = before;
      before = packetsIn;
      if (known === undefined) return null;
      const packets = packetsIn >= known ? packetsIn - known : packetsIn;
      const last = moves.at(-1);
      if (packets > 0 && last && at - last.at < stepMs) last.packets += packets;
      else if (packets > 0) moves.push({ at, packets });
      forget(at);
      return packets;
    },
    lastMinute(at) {
      forget(at);
      return moves.reduce((sum, { packets }) => sum + packets, 0);
    },
  };
}

/** Datagrams a minute that a server gets with nobody on it: what arrived while it slept and woke nobody. */
export interface EmptyBaseline {
  /** @param at mono ms */
  slept(at: number, traffic: Pick<Traffic, "packetsIn"> | undefined): void;
  /** It does not sleep any more: what comes from here on may be players. */
  woke(): void;
  /** The most of any minute of the last hour asleep; 0 where nothing is known. */
  perMinute(): number;
}

const minutesKept = 60;

export function emptyBaseline(): EmptyBaseline {
  const minutes: number[] = [];
  let now = counters();
  let begin: number | undefined;
  let sum = 0;
  const start = (): void => {
    now = counters();
    begin = undefined;
    sum = 0;
  };
  return {
    slept(at, traffic) {
      if (!traffic) return start();
      const moved = now.saw(at, traffic) ?? 0;
      begin ??= at;
      sum += moved;
      if (at - begin < minuteMs) return;
      minutes.push((sum * minuteMs) / (at - begin));
      if (minutes.length > minutesKept) minutes.shift();
      begin = at;
      sum = 0;
    },
    woke: start,
    perMinute: () => Math.max(0, ...minutes),
  };
}
