/** A node in shares and tones. */
import type { StateWord } from "@playspawn/shared/domain/server-state.ts";
import type { Session } from "@playspawn/shared/words/node.ts";

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

/** What is typed to add a node by its address. */
export interface NodeFields {
  name: string;
  url: string;
  secret: string;
}

const secretMin = 32;

/** What is wrong with the fields, by their names; whether anybody answers there only a try tells. */
export function addressFaults({ name, url, secret }: NodeFields): Partial<Record<keyof NodeFields, string>> {
  const wrongUrl = urlFault(url.trim());
  return {
    ...(name.trim() === "" && { name: "Give it a name." }),
    ...(wrongUrl && { url: wrongUrl }),
    ...(secret.trim().length < secretMin && { secret: `Must have at least ${secretMin} characters.` }),
  };
}

function urlFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.host === "")
    return "Write the whole address, such as https://node1.example.org:8001.";
  return url.pathname === "/" && url.search === "" && url.hash === "" ? undefined : "Leave out what follows the port.";
}

/** After a change of its secret, what was said before is old. */
const tries = new Set(["drive_failed", "secret_rotated"]);

/** Why the newest try to dial a node failed; undefined while nothing is known. Events: newest first. */
export function driveFailure(events: readonly { kind: string; data: Record<string, unknown> }[]): string | undefined {
  const reason = events.find(({ kind }) => tries.has(kind))?.data["reason"];
  return typeof reason === "string" ? `${reason.charAt(0).toUpperCase()}${reason.slice(1)}` : undefined;
}

export type CapabilityValue = string | number | boolean;
type Capabilities = Readonly<Record<string, CapabilityValue>>;

/** What an admin should know: players who are kept out, and before strangers play there, protections that are missing. */
export function shortcomings(capabilities: Capabilities): string[] {
  const why = capabilities["egressFilterFault"];
  const shut = capabilities["firewallFault"];
  return [
    capabilities["sleepersReachable"] === false && typeof shut === "string" && shut,
    capabilities["egressFilter"] === false &&
      `Games on this node can reach your private network${typeof why === "string" ? `: ${why}` : "."}`,
    capabilities["isolatedPorts"] === false && "Servers on this node can reach each other.",
    capabilities["seccomp"] === false && "Dangerous system calls of games are not refused.",
  ].filter((line) => line !== false);
}

const protection = ["egressFilter", "imageAllow", "isolatedPorts", "seccomp", "apparmor"];
/** For programs: which calls the agent knows. And what is said in a sentence of its own. */
const unsaid = new Set(["update", "stats", "examine", "tiers", "egressFilterFault", "firewallFault"]);

/** Capabilities under two headings, so that what protects is found without reading the rest. */
export function capabilityGroups(
  capabilities: Capabilities,
): { title: string; entries: [string, CapabilityValue][] }[] {
  const entries = Object.entries(capabilities).filter(([name]) => !unsaid.has(name));
  const isProtection = ([name]: [string, CapabilityValue]): boolean => protection.includes(name);
  const order = (name: string): number => protection.indexOf(name);
  return [
    { title: "Protection", entries: entries.filter(isProtection).toSorted(([a], [b]) => order(a) - order(b)) },
    { title: "Machine", entries: entries.filter((entry) => !isProtection(entry)) },
  ].filter((group) => group.entries.length > 0);
}
