/** Who sent it, as people read it. */
import { isIPv6 } from "node:net";
import { plainAddress } from "@playspawn/shared";

/** `192.0.2.1:5000` or `[2001:db8::1]:5000`. */
export function sourceName(address: string, port: number): string {
  const plain = plainAddress(address);
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}
