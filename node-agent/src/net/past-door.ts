/** Puts the kernel's path beside the door of one node: map, firewall, counters. */
import type { Ports } from "@playspawn/shared";
import type { DoorProcess } from "../door/door-client.ts";
import { conntrack, type TrackedFlow } from "../kernel/conntrack.ts";
import { nftables } from "../kernel/nft.ts";
import { sockets } from "../kernel/sockets.ts";
import { remembered } from "../lib/remembered.ts";
import { directDoor, type DirectDoor } from "./direct-door.ts";
import { forwarding } from "./forwarding.ts";
import { hostRoutes } from "./host-routes.ts";
import { KernelPath } from "./path.ts";
import { PathTraffic } from "./path-traffic.ts";

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
    forwarding: forwarding(bridge),
    table,
    subnet: async () => (await hostRoutes()).find(({ device }) => device === bridge),
    mode,
    onFault,
  });
  const counted = new PathTraffic({ ports, counters: () => path.counters(), flows: flowsNow(onFault) });
  return directDoor(door, path, counted, ports);
}

/** Every translated flow; none where they cannot be listed, which is told once. */
function flowsNow(onFault: (error: Error) => void): () => readonly TrackedFlow[] {
  const opened = remembered(async () => conntrack(await sockets()));
  let table: Awaited<ReturnType<typeof opened.get>> | undefined;
  void opened.get().then(
    (one) => (table = one),
    (cause: unknown) => onFault(new Error("Open connections cannot be counted.", { cause })),
  );
  return () => table?.flows() ?? [];
}
