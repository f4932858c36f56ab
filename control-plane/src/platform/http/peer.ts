/** Who is at the other end of a request, and whether it came over TLS. What a proxy says of that counts when it is trusted. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { plainAddress } from "@playspawn/shared";

export interface Peers {
  /** The client's address: the peer's, or what trusted proxies say of whom they speak for. */
  remoteAddress(request: IncomingMessage): string;
  /** Whether the client's own connection was TLS, as far as we or trusted proxies saw it. */
  isSecure(request: IncomingMessage): boolean;
  /** Whether what this peer says of others is believed. */
  isProxy(address: string): boolean;
}

/** Why this names no proxy, or undefined when it does: an address, or a subnet such as `10.0.0.0/8`. */
export function proxyFault(text: string): string | undefined {
  const { address, prefix } = partsOf(text);
  const bits = isIP(address) === 4 ? 32 : 128;
  const fits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  return isIP(address) !== 0 && fits && Number(prefix) !== 0 ? undefined : `${text} is no address or subnet`;
}

function partsOf(text: string): { address: string; prefix: string | undefined } {
  const [address = "", ...prefix] = text.split("/");
  return { address, prefix: prefix.length === 0 ? undefined : prefix.join("/") };
}

/** @param trusted addresses and subnets that `proxyFault` finds nothing wrong with */
export function createPeers(trusted: readonly string[]): Peers {
  const proxies = new BlockList();
  for (const { address, prefix } of trusted.map(partsOf)) {
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (prefix === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(prefix), family);
  }
  const isProxy = (address: string): boolean =>
    isIP(address) !== 0 && proxies.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
  /** From the peer backwards, as long as whoever names the one before is trusted. */
  const trace = ({ socket, headers }: IncomingMessage): { address: string; hops: number } => {
    const named = listOf(headers["x-forwarded-for"]);
    let address = plainAddress(socket.remoteAddress ?? "");
    let hops = 0;
    while (isProxy(address)) {
      hops++;
      const before = addressOf(named.pop() ?? "");
      if (before === undefined) break;
      address = before;
    }
    return { address, hops };
  };
  return {
    isProxy,
    remoteAddress: (request) => trace(request).address,
    isSecure(request) {
      const { hops } = trace(request);
      const protocols = listOf(request.headers["x-forwarded-proto"]);
      // The newest entry is the nearest proxy's; those before the trusted ones anybody could have written.
      const protocol = hops > 0 ? protocols[Math.max(0, protocols.length - hops)] : undefined;
      return protocol === undefined ? "encrypted" in request.socket : protocol.toLowerCase() === "https";
    },
  };
}

/** Headers that came more than once are joined already. */
const listOf = (header: string | string[] | undefined): string[] =>
  [header ?? ""]
    .flat()
    .join(",")
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean);

/** Some proxies add the port. */
function addressOf(entry: string): string | undefined {
  const text = /^\[([^\]]+)\](?::\d+)?$/.exec(entry)?.[1] ?? entry.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
  return isIP(text) === 0 ? undefined : plainAddress(text);
}
