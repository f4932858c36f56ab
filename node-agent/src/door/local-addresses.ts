/** The addresses that players dial: those of this machine's own network cards, not of bridges to its containers. */
import { existsSync } from "node:fs";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { Clock } from "@playspawn/shared";

const lookEveryMs = 10_000;
/** A machine with a whole network of addresses keeps to the wildcard. */
const addressesMax = 8;

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

const isBridge = (name: string): boolean => existsSync(`/sys/class/net/${name}/bridge`);
const isLinkLocal = (address: string): boolean => address.startsWith("fe80:") || address.startsWith("169.254.");

export function dialledAddresses(interfaces: Interfaces, bridge: (name: string) => boolean): string[] {
  const found = Object.entries(interfaces)
    .filter(([name]) => !bridge(name))
    .flatMap(([, list]) => list ?? [])
    .filter(({ internal, address }) => !internal && !isLinkLocal(address))
    .map(({ address }) => address);
  return found.length <= addressesMax ? found : [];
}

/** Looks at most every ten seconds. The list stays the same object while nothing changed. */
export function localAddresses(clock: Clock): () => readonly string[] {
  let list: readonly string[] = [];
  let lookAt = -Infinity;
  return () => {
    if (clock.mono() < lookAt) return list;
    lookAt = clock.mono() + lookEveryMs;
    const fresh = dialledAddresses(networkInterfaces(), isBridge);
    if (fresh.join() !== list.join()) list = fresh;
    return list;
  };
}
