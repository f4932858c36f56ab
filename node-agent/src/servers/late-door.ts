/**
 * The door for supervisors before it may be talked to. A door process takes its first table of routes for the whole
 * truth and gives up every port that is not in it; so nothing is said until every server that stands here is known.
 */
import { AppError, type Route, type Timers, withLimit } from "@playspawn/shared";
import type { BindFailure, Door, Knock, Refused } from "../door/door-client.ts";

export interface LateDoor extends Door {
  /** From here on `door` gets everything, the routes so far first. Once. */
  attach(door: Door): void;
}

/** Within the limit of a call by the control plane, and longer than a start takes to know its servers. */
const attachLimitMs = 6000;

export function lateDoor(timers: Timers): LateDoor {
  const attached = Promise.withResolvers<Door>();
  const routes = new Map<string, Route[]>();
  const icons = new Map<string, Buffer | null>();
  const onKnock: ((knock: Knock) => void)[] = [];
  const onRefused: ((refused: readonly Refused[]) => void)[] = [];
  const onConnection: ((connected: boolean) => void)[] = [];
  let real: Door | undefined;
  return {
    attach(door) {
      real = door;
      attached.resolve(door);
      for (const listener of onKnock) door.onKnock(listener);
      for (const listener of onRefused) door.onRefused(listener);
      for (const listener of onConnection) door.onConnection(listener);
      for (const [server, table] of routes) door.setRoutes(server, table);
      for (const [server, png] of icons) door.setIcon(server, png);
      routes.clear();
      icons.clear();
    },
    setRoutes(server, table) {
      if (real) real.setRoutes(server, table);
      else routes.set(server, table);
    },
    setIcon(server, png) {
      if (real) real.setIcon(server, png);
      else icons.set(server, png);
    },
    settled: async (limitMs): Promise<BindFailure[]> => (real ? real.settled(limitMs) : []),
    traffic: (server) => real?.traffic(server),
    async check(ports) {
      const door = await withLimit(timers, attachLimitMs, "the start", attached.promise).catch((cause: unknown) => {
        const sentence = "The node has only just started and its door is not open yet. Try again in a moment.";
        throw new AppError("not_ready", sentence, { cause });
      });
      return door.check(ports);
    },
    onKnock: (listener) => void (real ? real.onKnock(listener) : onKnock.push(listener)),
    onRefused: (listener) => void (real ? real.onRefused(listener) : onRefused.push(listener)),
    onConnection: (listener) => void (real ? real.onConnection(listener) : onConnection.push(listener)),
    close: async () => real?.close(),
  };
}
