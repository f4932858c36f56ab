/**
 * Takes away what a node that is no more had of its own on this host: its network, its packet filter, its way past the
 * door, and its way in through the host's firewall.
 */
import type { Ports } from "@playspawn/shared";
import { removeOpenings } from "../net/firewall/firewall.ts";
import { removeTable } from "../net/filter.ts";
import { forwarding } from "../net/forwarding.ts";
import { dockerEngine } from "./docker-engine.ts";
import { dockerBridges } from "./docker-network.ts";
import { bridgeName, filterTable, pathTable, type Identity } from "./names.ts";

export interface Clearing {
  dockerHost: string;
  /** Public ports of games. */
  portRange: { from: number; to: number };
}

/** A network that something is still on is left alone. @throws Error of the engine or of nft */
export async function clearNode({ dockerHost, portRange }: Clearing, identity: Identity, ports: Ports): Promise<void> {
  const bridges = dockerBridges(dockerEngine(dockerHost, ports), identity);
  for (const { id, own, members } of await bridges.list()) if (own && members === 0) await bridges.remove(id);
  await removeRules(identity);
  await removeOpenings({ bridge: bridgeName(identity), ports: portRange });
}

/** Its nftables and its part of Docker's firewall are gone afterwards. */
export async function removeRules(identity: Identity): Promise<void> {
  await removeTable(filterTable(identity));
  await removeTable(pathTable(identity));
  await forwarding(bridgeName(identity)).remove();
}
