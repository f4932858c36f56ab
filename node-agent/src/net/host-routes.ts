/** The host's IPv4 routes, so that the node's bridge does not cut the machine off from a network it can reach. */
import { readFile } from "node:fs/promises";
import type { Subnet } from "./subnet.ts";

export interface HostRoute extends Subnet {
  device: string;
}

/** Reads `/proc/net/route`; the default route is left out, as it overlaps everything. */
export async function hostRoutes(file = "/proc/net/route"): Promise<HostRoute[]> {
  return parseRoutes(await readFile(file, "utf8"));
}

/** Lines of `Iface Destination Gateway Flags … Mask …`, numbers as little-endian hex. */
export function parseRoutes(text: string): HostRoute[] {
  const routes: HostRoute[] = [];
  for (const line of text.split("\n").slice(1)) {
    const [device, destination, , , , , , mask] = line.trim().split(/\s+/);
    if (!device || !destination || !mask) continue;
    const bits = [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === "1").length;
    if (bits > 0) routes.push({ device, base: fromLittleEndian(destination), bits });
  }
  return routes;
}

const fromLittleEndian = (hex: string): number => Number.parseInt(hex.match(/../g)!.toReversed().join(""), 16);
