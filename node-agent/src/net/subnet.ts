/** IPv4 subnets as numbers: which one the node's bridge takes, and which address a server gets. Pure. */

export interface Subnet {
  /** First address, as an unsigned 32-bit number. */
  base: number;
  /** Prefix length in bits. */
  bits: number;
}

/** `10.213.0.0/16`: where a subnet is looked for when none is given. */
const pool: Subnet = { base: 0x0ad50000, bits: 16 };
const poolBits = 22;

const size = ({ bits }: Subnet): number => 2 ** (32 - bits);

/** `"10.213.4.2"` → number; undefined when it is no IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const bytes = text.split(".");
  if (bytes.length !== 4 || !bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) < 256)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

/** `"10.213.4.0/22"` → subnet; undefined when it is none, or when it names an address inside and not the first one. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = "", bits = ""] = text.split("/");
  const base = parseAddress(address);
  if (base === undefined || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  const subnet = { base, bits: Number(bits) };
  return base % size(subnet) === 0 ? subnet : undefined;
}

export const formatSubnet = (subnet: Subnet): string => `${formatAddress(subnet.base)}/${subnet.bits}`;

export const overlaps = (a: Subnet, b: Subnet): boolean => a.base < b.base + size(b) && b.base < a.base + size(a);

/** The bridge's own address: the first usable one. */
export const gatewayOf = (subnet: Subnet): string => formatAddress(subnet.base + 1);

/** Kept for the agent's probe container: the last usable one. */
export const probeAddressOf = (subnet: Subnet): string => formatAddress(subnet.base + size(subnet) - 2);

/** How many servers the subnet has addresses for. */
export const capacityOf = (subnet: Subnet): number => Math.max(0, size(subnet) - 4);

/** The lowest address that no server has; undefined when the subnet is full. */
export function lowestFreeAddress(subnet: Subnet, used: ReadonlySet<string>): string | undefined {
  for (let offset = 2; offset < 2 + capacityOf(subnet); offset++) {
    const address = formatAddress(subnet.base + offset);
    if (!used.has(address)) return address;
  }
  return undefined;
}

/** The /22 networks of the pool that touch nothing in `taken`, lowest first. */
export function* freeSubnets(taken: readonly Subnet[]): Generator<Subnet> {
  for (let base = pool.base; base < pool.base + size(pool); base += 2 ** (32 - poolBits)) {
    const subnet = { base, bits: poolBits };
    if (!taken.some((other) => overlaps(subnet, other))) yield subnet;
  }
}
