/** Takes away what a node that is no more had of its own on this host: its network, its packet filter and its
 * way past the door. */
import type { Ports } from "@playspawn/shared";
import { removeTable } from "../net/filter.ts";
import { forwarding } from "../net/forwarding.ts";
import { dockerEngine } from "./docker-engine.ts";
import { dockerBridges } from "./docker-network.ts";
import { bridgeName, filterTable, pathTable, type Identity } from "./names.ts";

/** A network that something is still on is left alone. @throws Error of the engine or of nft */
export async function clearNode(dockerHost: string, identity: Identity, ports: Ports): Promise<void> {
  const bridges = dockerBridges(dockerEngine(dockerHost, ports), identity);
  for (const { id, own, members } of await bridges.list()) if (own && members === 0) await bridges.remove(id);
  await removeRules(identity);
}

/** Its nftables and its part of Docker's firewall are gone afterwards. */
export async function removeRules(identity: Identity): Promise<void> {
  await removeTable(filterTable(identity));
  await removeTable(pathTable(identity));
  await forwarding(bridgeName(identity)).remove();
}
