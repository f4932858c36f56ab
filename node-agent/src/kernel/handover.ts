/**
 * What the door does with flows that the kernel carries, or is to carry: gives a player's held datagrams to the kernel as
 * if they came in now, and ends the flows of a server that is gone. IPv4; whoever comes over loopback is relayed.
 */
import { readFileSync } from "node:fs";
import { BlockList, isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import { messageOf, plainAddress, type Protocol } from "@playspawn/shared";
import { conntrack, type Conntrack, type TrackedFlow } from "./conntrack.ts";
import { rawUdp, type RawUdp } from "./raw-udp.ts";
import { sockets } from "./sockets.ts";

export interface Endpoint {
  address: string;
  port: number;
}

export interface PublicPort {
  protocol: Protocol;
  port: number;
}

export interface PublicAddress {
  address: string | undefined;
  port: number;
  /** Where the game is. */
  game: string;
}

export interface Handover {
  /**
   * Sends datagrams on in order; from then on the kernel has the flow. `to.address` undefined: whichever the client
   * dialled. False, and nothing sent, where the kernel cannot have it: IPv6, loopback, a neighbour of the game on its
   * own network.
   */
  pass(from: Endpoint, to: PublicAddress, payloads: readonly Buffer[]): boolean;
  /**
   * Ends what the kernel carries to these public ports; answers who was there. TCP that spoke a moment ago is let be: it
   * came in at the last moment and is answered when the game is thawed, or told by its host that it is gone.
   */
  release(ports: readonly PublicPort[]): (PublicPort & { clients: Endpoint[] })[];
  close(): void;
}

/** Answers why not, where this program lacks the right or the machine a library. */
export async function handover(onFault: (error: unknown) => void): Promise<Handover | { reason: string }> {
  try {
    const kernel = await sockets();
    const [flows, raw] = [conntrack(kernel), rawUdp(kernel)];
    // Listing needs no right, ending does: nobody has a flow from port 0.
    const nobody = { address: "127.0.0.1", port: 0 };
    flows.end({ protocol: "udp", client: nobody, dialled: nobody });
    return handoverBy(flows, raw, onFault);
  } catch (error) {
    return {
      reason: `The door cannot hand flows over to the kernel (${messageOf(error)}): it needs NET_ADMIN and NET_RAW.`,
    };
  }
}

export function handoverBy(flows: Conntrack, raw: RawUdp, onFault: (error: unknown) => void): Handover {
  const dialledBy = (from: Endpoint, port: number): string | undefined =>
    flows
      .flows({ protocol: "udp", port })
      .find(({ client }) => client.address === from.address && client.port === from.port)?.dialled.address;

  const passAll = (from: Endpoint, to: Endpoint, payloads: readonly Buffer[]): void => {
    const flow = { protocol: "udp", client: from, dialled: to } as const;
    // An entry that leads to the door goes; one that leads past it is the player's already, and answers use it.
    if (flows.find(flow)?.isTranslated === false) flows.end(flow);
    for (const payload of payloads) raw.send({ from, to, payload });
  };
  return {
    pass(client, { address, port, game }, payloads) {
      const from = { address: plainAddress(client.address), port: client.port };
      if (!isOutside(from.address) || areNeighbours(from.address, game)) return false;
      try {
        const dialled = address === undefined ? dialledBy(from, port) : plainAddress(address);
        if (dialled === undefined || !isOutside(dialled)) return false;
        passAll(from, { address: dialled, port }, payloads);
        return true;
      } catch (error) {
        onFault(error);
        return false;
      }
    },
    release(ports) {
      try {
        return releaseAll(flows, ports);
      } catch (error) {
        onFault(error);
        return [];
      }
    },
    close() {
      flows.close();
      raw.close();
    },
  };
}

/** Both lie in the network of one of this host's cards or bridges. */
function areNeighbours(one: string, other: string): boolean {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .some(({ cidr, family, internal }) => {
      if (!cidr || family !== "IPv4" || internal) return false;
      const [address = "", bits = ""] = cidr.split("/");
      const network = new BlockList();
      network.addSubnet(address, Number(bits));
      return network.check(one) && network.check(other);
    });
}

const isOutside = (address: string): boolean => isIPv4(address) && !address.startsWith("127.");

const momentSeconds = 5;
/** The kernel's own, where nobody set another. */
const establishedSeconds = 432_000;
const lifetimeFile = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established";

function lifetimeSeconds(): number {
  try {
    return Number(readFileSync(lifetimeFile, "utf8"));
  } catch {
    return establishedSeconds;
  }
}

/** An entry's time begins anew with each packet. */
const justSpoke = ({ protocol, isEstablished, timeoutSeconds }: TrackedFlow, lifetime: number): boolean =>
  protocol === "tcp" && isEstablished && lifetime - timeoutSeconds < momentSeconds;

function releaseAll(flows: Conntrack, ports: readonly PublicPort[]): ReturnType<Handover["release"]> {
  const released = new Map(ports.map((one) => [`${one.protocol}/${one.port}`, { ...one, clients: [] as Endpoint[] }]));
  const lifetime = lifetimeSeconds();
  for (const flow of flows.flows()) {
    if (justSpoke(flow, lifetime)) continue;
    const left = released.get(`${flow.protocol}/${flow.dialled.port}`);
    if (left && flows.end(flow)) left.clients.push(flow.client);
  }
  return [...released.values()].filter(({ clients }) => clients.length > 0);
}
