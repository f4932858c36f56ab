/** Addresses of the network as text: who a peer is, and which card leads out. Pure. */

/** `::ffff:192.0.2.1`, as a dual-stack socket says it, → `192.0.2.1`. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");

/** This machine's own. */
export const isLoopback = (address: string): boolean =>
  address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(plainAddress(address));

/**
 * Networks in which a secret may travel in the clear: loopback and private ones. An IPv4 net holds its mapped addresses,
 * too. Link-local ones are not among them: there a cloud answers for its metadata, and whoever is on the wire for any.
 */
export const privateNets = [
  ["127.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["::1", 128, "ipv6"],
  ["fc00::", 7, "ipv6"],
] as const;

/** What limits are counted by: an IPv4 address, or the /56 of an IPv6 one: what providers give to one customer. */
export function addressKey(address: string): string {
  const plain = plainAddress(address);
  if (!plain.includes(":")) return plain;
  // An IPv4 address at the end stands for two groups, which do not count here.
  const [head = "", tail] = plain.replace(/\d+\.\d+\.\d+\.\d+$/, "0:0").split("::");
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  const [a, b, c, subnet = "0"] = groups;
  return `${a}:${b}:${c}:${(parseInt(subnet, 16) & 0xff00).toString(16)}::/56`;
}

/** The network card of the default route in the text of `/proc/net/route`, e.g. `eth0`. */
export function defaultRouteDevice(routes: string): string | undefined {
  const lines = routes.split("\n").slice(1);
  return lines.map((line) => line.split("\t")).find((columns) => columns[1] === "00000000")?.[0];
}

/** An IPv4 or IPv6 address, or a host name of DNS. */
export const isHost = (text: string): boolean =>
  text.length <= 253 &&
  (/^(\d{1,3}\.){3}\d{1,3}$/.test(text)
    ? text.split(".").every((part) => Number(part) <= 255)
    : /^(?=.*:.*:)[\da-f:.]+$/i.test(text) ||
      /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?(\.[a-z\d]([a-z\d-]{0,61}[a-z\d])?)*\.?$/i.test(text));
