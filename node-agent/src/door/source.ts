/** Who sent it: addresses of a dual-stack socket in the form people know, and the key that budgets count by. */
import { isIPv6 } from "node:net";

/** `::ffff:192.0.2.1` → `192.0.2.1`. */
export const plainAddress = (address: string): string => (address.startsWith("::ffff:") ? address.slice(7) : address);

/** `192.0.2.1:5000` or `[2001:db8::1]:5000`. */
export function sourceName(address: string, port: number): string {
  const plain = plainAddress(address);
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** One key per IPv4 address and per IPv6 /64, since a single IPv6 customer owns all addresses of one. */
export function sourceKey(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  if (tail === undefined) return left.slice(0, 4).join(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":");
}
