/** Secrets travel in the clear only where nobody else listens: loopback and private networks. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { AppError } from "@playspawn/shared";

const ours = new BlockList();
for (const [net, bits] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
] as const)
  ours.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const)
  ours.addSubnet(net, bits, "ipv6");

export const isPrivate = (address: string): boolean => ours.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/**
 * Looks the host up anew each time, because names move.
 * @throws AppError forbidden when `url` is plain http or ws and leads to a public address
 */
export async function checkPlain(url: URL): Promise<void> {
  if (url.protocol === "https:" || url.protocol === "wss:") return;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) ? [host] : (await lookup(host, { all: true })).map((one) => one.address);
  const open = addresses.find((address) => !isPrivate(address));
  if (open === undefined) return;
  throw new AppError(
    "forbidden",
    `${url.origin} leads to the public address ${open}; the node's secret would travel unencrypted. Use https.`,
  );
}
