/**
 * The door with the kernel beside it: a server that lets players in gets its public ports into the kernel's map before
 * the door hears of it, and out of it before the door hears that it does not any more. Supervisors see a `Door` and
 * nothing of this.
 */
import { isIPv4 } from "node:net";
import type { Ports, Route } from "@playspawn/shared";
import type { Door, DoorProcess, Traffic } from "../door/door-client.ts";
import type { KernelPath, PathState } from "./path.ts";
import { keyOf, type PathContent, type PathElement } from "./path-table.ts";
import type { PathTraffic } from "./path-traffic.ts";

export interface DirectDoor extends Door {
  /** Why players are relayed, or that they are not. */
  path(): PathState;
}

/** Whatever flushed the table is undone by the same look. */
const lookEveryMs = 8_000;
const noTraffic: Traffic = { open: 0, held: 0, accepted: 0, bytesIn: 0, bytesOut: 0, packetsIn: 0, passing: 0 };

export function directDoor(door: DoorProcess, path: KernelPath, counted: PathTraffic, { timers }: Ports): DirectDoor {
  const table = new Map<string, Route[]>();
  /** What the routes at the door say of all of them. */
  let placed = false;

  const isDirect = (): boolean => path.state.works && door.handover()?.works === true;
  const content = (): PathContent => {
    const routes = [...table.values()].flat();
    return {
      elements: new Map(door.handover()?.works ? routes.flatMap(elementOf) : []),
      ports: new Set(keysOf(routes)),
    };
  };
  const hold = (): boolean => {
    const works = path.hold(content) && isDirect();
    if (works) counted.follow(content().elements);
    return works;
  };
  /** All routes anew: what works for one works for all. */
  const place = (): void => {
    placed = hold();
    for (const [server, routes] of table) door.setRoutes(server, shown(routes, placed));
  };
  const look = async (): Promise<void> => {
    // What the agent before left stands until the first door has said what it can.
    if (!door.handover()) return;
    if (isDirect() !== placed) place();
    await path.ensure();
    if (isDirect() !== placed) place();
  };

  door.onConnection(() => void look());
  const cancel = timers.every(lookEveryMs, () => void look());
  void look();
  return {
    setRoutes(server, routes) {
      const before = table.get(server) ?? [];
      if (routes.length > 0) table.set(server, routes);
      else table.delete(server);
      const works = hold();
      if (works !== placed) place();
      else door.setRoutes(server, shown(routes, works));
      if (routes.length === 0) counted.forget(keysOf(before));
    },
    traffic(server) {
      const atDoor = door.traffic(server);
      const inKernel = counted.of(keysOf(table.get(server) ?? []));
      // Players that the kernel carries play on without a door.
      if (!atDoor && inKernel.accepted === 0) return undefined;
      return sum(atDoor ?? noTraffic, inKernel);
    },
    path() {
      const { state } = path;
      return state.works ? (door.handover() ?? { works: false, reason: "The door is not connected." }) : state;
    },
    settled: (limitMs) => door.settled(limitMs),
    check: (ports) => door.check(ports),
    onKnock: (listener) => door.onKnock(listener),
    setIcon: (server, png) => door.setIcon(server, png),
    onRefused: (listener) => door.onRefused(listener),
    onConnection: (listener) => door.onConnection(listener),
    async close() {
      // The table stays: players play on while no agent runs.
      cancel();
      counted.close();
      await door.close();
    },
  };
}

const keysOf = (routes: readonly Route[]): string[] => routes.map(({ port }) => keyOf(port.protocol, port.public));

/** What the kernel is to carry of a route: nothing of one whose game is not at an IPv4 address. */
function elementOf({ mode, target, port }: Route): [string, PathElement][] {
  if (mode !== "awake" || !target || !isIPv4(target.host)) return [];
  const to = { address: target.host, port: target.port };
  return [[keyOf(port.protocol, port.public), { protocol: port.protocol, port: port.public, to }]];
}

const shown = (routes: readonly Route[], direct: boolean): Route[] =>
  routes.map((route) => (direct && elementOf(route).length > 0 ? { ...route, direct } : route));

function sum(a: Traffic, b: Traffic): Traffic {
  return {
    open: a.open + b.open,
    held: a.held + b.held,
    accepted: a.accepted + b.accepted,
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    packetsIn: a.packetsIn + b.packetsIn,
    // An older door does not say.
    ...(a.passing !== undefined && b.passing !== undefined && { passing: a.passing + b.passing }),
  };
}
