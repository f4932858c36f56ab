/** A node in words and shares. */
import type { StateWord } from "@playspawn/shared/domain/server-state.ts";

export type Session = "connected" | "suspect" | "unreachable" | "never";

export const sessionText: Record<Session, string> = {
  connected: "Connected",
  suspect: "Slow to answer",
  unreachable: "No contact",
  never: "Never connected",
};

export type SessionTone = "good" | "wait" | "bad" | "none";

/** No contact is no alarm by itself: the servers there go on running. */
export const sessionTone = (session: Session): SessionTone =>
  (({ connected: "good", suspect: "wait", unreachable: "bad", never: "none" }) as const)[session];

export interface Usage {
  awakeBytes: number;
  asleepBytes: number;
  /** Of servers whose state nobody knows now. */
  unknownBytes: number;
  /** Shares of the node's memory; together at most 1. */
  awakeShare: number;
  unknownShare: number;
  asleepShare: number;
}

/** How much memory its servers may use now, and how much they would if all were awake. */
export function usageOf(servers: readonly { state: StateWord; memoryBytes: number }[], memoryBytes: number): Usage {
  const sum = (...states: StateWord[]): number =>
    servers.reduce((bytes, server) => bytes + (states.includes(server.state) ? server.memoryBytes : 0), 0);
  const awakeBytes = sum("Running", "Waking");
  const unknownBytes = sum("Unknown");
  const asleepBytes = sum("Asleep");
  const share = (part: number): number => (memoryBytes > 0 ? Math.min(1, part / memoryBytes) : 0);
  const awakeShare = share(awakeBytes);
  const unknownShare = Math.min(1 - awakeShare, share(unknownBytes));
  const asleepShare = Math.min(1 - awakeShare - unknownShare, share(asleepBytes));
  return { awakeBytes, asleepBytes, unknownBytes, awakeShare, unknownShare, asleepShare };
}

const capabilityNames: Record<string, string> = {
  engine: "Docker Engine",
  docker: "Docker Engine",
  cgroup: "Control groups",
  storageDriver: "Storage driver",
  kernel: "Kernel",
  liveRestore: "Games outlive a Docker restart",
  apparmor: "AppArmor",
  seccomp: "System call filter",
  isolatedPorts: "Servers cannot reach each other",
  nofile: "Open files at most",
  oomScoreAdj: "Games go first when memory is short",
  blkioWeight: "Disk shares",
  init: "Init process",
  version: "Agent version",
};

/** A capability in words; one that a newer agent reports keeps its own name. */
export const capabilityName = (name: string): string => capabilityNames[name] ?? name;

export const capabilityText = (value: string | number | boolean): string =>
  typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

/** The one line to paste on the new machine, in a checkout of the same version. */
export const joinCommand = (controlUrl: string, token: string): string =>
  `PLAYSPAWN_CONTROL_URL=${controlUrl} PLAYSPAWN_JOIN_TOKEN=${token} ./scripts/start --node`;
