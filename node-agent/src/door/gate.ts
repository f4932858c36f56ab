/** One public port with the route it has now. `tcp-gate.ts` and `udp-gate.ts` are the two kinds. */
import type { Ports, Route } from "@playspawn/shared";
import type { Endpoint, Handover } from "../kernel/handover.ts";
import type { Counted, Shares } from "./counted.ts";
import type { Icons } from "./icons.ts";
import type { Knocks } from "./knocks.ts";
import type { Limits } from "./limits.ts";
import type { Log } from "./log.ts";
import type { UdpGreeters } from "./protocols/protocols.ts";
import type { Refusals } from "./refusals.ts";
import type { TrafficBook } from "./traffic.ts";
import type { WaitingRoom } from "./waiting-room.ts";

export interface Gate {
  readonly server: string;
  /** Takes the port. Answers who has it, or undefined when it is ours. */
  bind(): Promise<string | undefined>;
  /** A new route of the same server for the same port: decides anew on everything that waits. */
  update(route: Route): void;
  /** Lets go of what was idle or held for too long, and tries again what there was no room for; called every second. */
  sweep(): void;
  /** The kernel carried these clients past this gate until now. */
  left(clients: readonly Endpoint[]): void;
  /** Gives the port up and ends everything that came through it. */
  close(): void;
}

/** What all gates of a door share. */
export interface GateContext {
  ports: Ports;
  log: Log;
  limits: Limits;
  knocks: Knocks;
  greeters: UdpGreeters;
  icons: Icons;
  traffic: TrafficBook;
  room: WaitingRoom;
  refusals: Refusals;
  /** Bytes held for sleepers. */
  heldBytes: Shares;
  /** The addresses that players dial; the same object while nothing changed. */
  addresses: () => readonly string[];
  /** File descriptors. */
  descriptors: Shares;
  connectionsPerServer: Counted;
  connectionsPerSource: Counted;
  /** Undefined where flows cannot be handed over to the kernel. */
  kernel: Handover | undefined;
}
