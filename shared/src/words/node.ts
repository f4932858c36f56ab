/** A node in words. */

export type Session = "connected" | "suspect" | "unreachable" | "never";

export const sessionText: Record<Session, string> = {
  connected: "Connected",
  suspect: "Slow to answer",
  unreachable: "No contact",
  never: "Never connected",
};

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
  egressFilter: "Outgoing traffic of games is filtered",
  egressFilterFault: "Why it is not",
  imageAllow: "Images it runs",
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
