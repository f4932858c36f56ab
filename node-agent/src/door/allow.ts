/** Who may wake a server: the addresses, and where the game's protocol says a name the names, of its list. */
import { BlockList, isIPv6 } from "node:net";
import { type Route, plainAddress } from "@playspawn/shared";

type Allow = NonNullable<Route["allow"]>;

/** By the list itself: a route's stays the same object for as long as nothing changes. */
const prepared = new WeakMap<Allow, BlockList>();

function addressesOf(allow: Allow): BlockList {
  const known = prepared.get(allow);
  if (known) return known;
  const list = new BlockList();
  for (const text of allow.addresses) {
    const [address = "", bits] = text.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    list.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
  prepared.set(allow, list);
  return list;
}

/** An empty list is everyone. @param name undefined where the protocol says none */
export function mayWake({ allow }: Route, address: string, name?: string): boolean {
  if (!allow) return true;
  const plain = plainAddress(address);
  const isHere = allow.addresses.length === 0 || addressesOf(allow).check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  const isNamed =
    name === undefined ||
    allow.names.length === 0 ||
    allow.names.some((known) => known.toLowerCase() === name.toLowerCase());
  return isHere && isNamed;
}

/** For players, where their game has words for it. */
export const notAllowedText = "This server sleeps, and you are not among those who may wake it. Ask its owner.";
