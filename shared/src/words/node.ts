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
  arch: "Processor",
  cgroup: "Resource control (cgroups)",
  storageDriver: "Storage driver",
  kernel: "Kernel",
  liveRestore: "Games outlive a restart of Docker",
  apparmor: "AppArmor confines games",
  seccomp: "Dangerous system calls are refused",
  isolatedPorts: "Servers cannot reach each other",
  egressFilter: "Games cannot reach your private network",
  egressFilterFault: "Why they can",
  path: "Players of awake servers reach them through",
  pathFault: "Why not through the kernel",
  firewall: "Firewall before the door",
  sleepersReachable: "Players reach sleeping servers",
  firewallFault: "Why they do not",
  imageAllow: "Images it may run",
  nofile: "Open files per game, at most",
  oomScoreAdj: "Games end first when memory is short",
  blkioWeight: "Disk is shared fairly",
  init: "Ended processes are cleared away",
  update: "Updates servers once they are empty",
  stats: "Tells what servers use",
  examine: "Tests games",
  pause: "Freezes sleeping games",
  deep: "Moves the memory of sleepers to",
  tiers: "Knows four depths of sleep",
  version: "Agent version",
};

/** A capability in words; one that a newer agent reports keeps its own name. */
export const capabilityName = (name: string): string => capabilityNames[name] ?? name;

/** `yes`, `1,048,576`, `itzg/*`; a list of one star is everything. */
export function capabilityText(value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return value.toLocaleString("en-GB");
  return value === "*" ? "any" : value;
}

/** Whether no other machine can reach that. */
export const isOnlyHere = (url: string): boolean => /^(localhost$|127\.|\[::1\]$)/.test(new URL(url).hostname);

/**
 * Where another machine reaches the control plane. `own`: where we do; on its own machine that may be a name which means
 * another machine elsewhere. `told`: what it says itself, where it does.
 */
export const urlForOthers = (own: string, told: string | undefined): string => (isOnlyHere(own) ? (told ?? own) : own);

/** The one line to paste on the new machine, in a checkout of the same version. */
export const joinCommand = (controlUrl: string, token: string): string =>
  `PLAYSPAWN_CONTROL_URL=${controlUrl} PLAYSPAWN_JOIN_TOKEN=${token} ./scripts/start --node`;

export interface StartCommands {
  /** Lines that the three ways have in common. */
  settings: string;
  starts: { command: string; when: string }[];
}

/** The ways to start a node on the new machine, in a checkout of the same version; see docs/nodes.md. */
export const startCommands = (controlUrl: string, token: string): StartCommands => ({
  settings: `export PLAYSPAWN_CONTROL_URL=${controlUrl} PLAYSPAWN_JOIN_TOKEN=${token}`,
  starts: [
    { command: "./scripts/start --node", when: "To try it: runs while its terminal does" },
    { command: "./scripts/start --node --systemd", when: "To stay: as services" },
    { command: "docker compose up -d agent door", when: "In containers" },
  ],
});
