/**
 * Secrets travel in the clear only where nobody else listens: loopback and private networks. Looked at when a connection
 * is made, at the very address that it goes to, because names move. Where TLS is spoken, its certificate is the check.
 */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { AppError } from "../domain/errors.ts";
import { privateNets } from "../net/address.ts";

const ours = new BlockList();
for (const [net, bits, family] of privateNets) ours.addSubnet(net, bits, family);

export const isPrivate = (address: string): boolean => ours.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/** `public address 203.0.113.9`. */
const openAddress = (address: string): string =>
  `${/^(?:169\.254\.|fe[89ab])/i.test(address) ? "link-local" : "public"} address ${address}`;

const leak = (host: string, address: string): AppError =>
  new AppError(
    "forbidden",
    `${host} leads to the ${openAddress(address)}; a node's secret would travel unencrypted. Use https.`,
  );

/** Like `resolve`, but for names that lead to a public or link-local address: of several addresses not one may. */
const privately =
  (resolve: typeof lookup): LookupFunction =>
  (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      const open = error ? undefined : found.find(({ address }) => !isPrivate(address));
      if (error || open) return done(error ?? leak(host, open!.address), []);
      if (options.all) done(null, found);
      else done(null, found[0]!.address, found[0]!.family);
    });
  };

/**
 * Options of a socket that is to carry a secret to `url`.
 * @throws AppError forbidden when `url` is plain http or ws with a public or link-local address; a name is refused as it is looked up
 */
export function secretRoute(url: URL, resolve = lookup): { lookup?: LookupFunction } {
  if (url.protocol === "https:" || url.protocol === "wss:") return {};
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 0) return { lookup: privately(resolve) };
  if (!isPrivate(host)) throw leak(url.origin, host);
  return {};
}

/**
 * For whoever is sent a secret.
 * @throws AppError forbidden when it came unencrypted from a public or link-local address
 */
export function refuseOpenLine({ address, isSecure }: { address: string; isSecure: boolean }): void {
  if (isSecure || isPrivate(address)) return;
  throw new AppError(
    "forbidden",
    `The secret came unencrypted from the ${openAddress(address)}, so others may know it now. Use https and give the node a new secret; docs/nodes.md says how.`,
  );
}
