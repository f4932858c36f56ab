/** What a node says of its firewall: to its control plane, and to whoever asks whether it is well. Pure. */
import type { FirewallState } from "./firewall.ts";

const faultCharactersMax = 300;

/** `sleepersReachable` is true or false where it was tried, else the word `untested`. */
export function firewallCapabilities(state: FirewallState | undefined): Record<string, string | boolean> {
  if (!state) return {};
  const { guard, reachable, fault } = state;
  return {
    firewall: guard,
    sleepersReachable: reachable ?? "untested",
    ...(fault && { firewallFault: fault.slice(0, faultCharactersMax) }),
  };
}

/** What could not be tried is no trouble. */
export const firewallTrouble = ({ reachable, fault }: FirewallState): string | undefined =>
  reachable === false ? fault : undefined;
