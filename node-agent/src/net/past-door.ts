/** Puts the kernel's path beside the door of one node: map, firewall, counters. */
import { readFileSync } from "node:fs";
import type { Ports } from "@playspawn/shared";
import type { DoorProcess } from "../door/door-client.ts";
import { conntrack, type Conntrack, type TrackedFlow } from "../kernel/conntrack.ts";
import { nftables } from "../kernel/nft.ts";
import { rulesMark } from "../kernel/rules-mark.ts";
import { sockets } from "../kernel/sockets.ts";
import { directDoor, type DirectDoor } from "./direct-door.ts";
import { forwarding } from "./forwarding.ts";
import { hostRoutes } from "./host-routes.ts";
import { KernelPath } from "./path.ts";
import { PathTraffic, type Lifetimes } from "./path-traffic.ts";

export interface PastDoorOptions {
  ports: Ports;
  /** Linux interface of the node's bridge. */
  bridge: string;
  table: string;
  /** `PLAYSPAWN_PATH` */
  mode: "auto" | "relay";
  onFault: (error: Error) => void;
}

export function pastDoor(door: DoorProcess, { ports, bridge, table, mode, onFault }: PastDoorOptions): DirectDoor {
  const path = new KernelPath({
    nft: nftables,
    forwarding: forwarding(bridge, { mark: rulesMark }),
    table,
    subnet: async () => (await hostRoutes()).find(({ device }) => device === bridge),
    mode,
    onFault,
  });
  const counters = (): ReturnType<KernelPath["counters"]> => path.counters();
  const counted = new PathTraffic({ ports, counters, flows: flowsNow(onFault), lifetimes: udpLifetimes });
  return directDoor(door, path, counted, ports);
}

const settings = "/proc/sys/net/netfilter/nf_conntrack_udp_timeout";
/** Operators may set them at any time; the kernel's own values where they cannot be read. */
const udpLifetimes = (): Lifetimes => ({
  newSeconds: numberIn(settings) ?? 30,
  assuredSeconds: numberIn(`${settings}_stream`) ?? 120,
});

function numberIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Every translated flow; none where they cannot be listed, which is told once. */
function flowsNow(onFault: (error: Error) => void): () => readonly TrackedFlow[] {
  let table: Conntrack | undefined;
  let isFaulty = false;
  const fail = (cause: unknown): void => {
    if (!isFaulty) onFault(new Error("Open connections cannot be counted.", { cause }));
    isFaulty = true;
  };
  void sockets()
    .then((kernel) => (table = conntrack(kernel)))
    .catch(fail);
  return () => {
    try {
      return table?.flows() ?? [];
    } catch (error) {
      fail(error);
      return [];
    }
  };
}
