/** The agent's end of the door's unix socket: the interface the supervisors see; `door-server.ts` implements it. */
import type { FromDoor, Protocol, Route } from "@playspawn/shared";

export interface Knock {
  server: string;
  port: string;
  /** Who knocks, `address:port`. */
  source: string;
}

export interface Traffic {
  open: number;
  held: number;
  accepted: number;
  bytesIn: number;
  bytesOut: number;
  packetsIn: number;
  /** Of `open`, the UDP flows of who asked a few questions or has only begun to talk; left out where nobody knows. */
  passing?: number | undefined;
}

/** Of one server, for one reason. */
export type Refused = NonNullable<Extract<FromDoor, { t: "traffic" }>["refused"]>[number];

export interface BindFailure {
  server: string;
  protocol: Protocol;
  port: number;
  /** Who has it; fits behind "is taken by". */
  message: string;
}

export interface Door {
  /** Replaces the routes of one server; `[]` gives its ports up. Kept and sent again to a door that (re)connects. */
  setRoutes(server: string, routes: Route[]): void;
  /** Its picture in lists; null where it has none. Said once, and again to a door that (re)connects. */
  setIcon(server: string, png: Buffer | null): void;
  /** Resolves when a connected door has bound every port of the present table but those listed. @throws AppError not_ready after `limitMs` */
  settled(limitMs: number): Promise<BindFailure[]>;
  /** Totals since that door process started; undefined while no door is connected. */
  traffic(server: string): Traffic | undefined;
  /** Ports that could not be bound now; `by` fits behind "is taken by". @throws AppError not_ready */
  check(ports: { protocol: Protocol; port: number }[]): Promise<{ protocol: Protocol; port: number; by: string }[]>;
  onKnock(listener: (knock: Knock) => void): void;
  /** Who was turned away since this was last said. */
  onRefused(listener: (refused: readonly Refused[]) => void): void;
  /** The door process came or went. */
  onConnection(listener: (connected: boolean) => void): void;
  close(): Promise<void>;
}

/** Whether the door can give flows that it held over to the kernel. */
export type Handover = { works: true } | { works: false; reason: string };

/** The door itself, which has no way past it. */
export interface DoorProcess extends Door {
  /** As the newest door process said; undefined before the first. */
  handover(): Handover | undefined;
}
