/** Which public ports of this node cannot be leased: somebody listens there, or a container (anyone's) publishes them. */
import type { Protocol } from "@playspawn/shared";
import type { World } from "./world.ts";

interface Port {
  protocol: Protocol;
  port: number;
}

export async function portsTaken({ door, runtime }: World, wanted: Port[]): Promise<(Port & { by: string })[]> {
  const [published, bound] = await Promise.all([runtime.publishedPorts(), door.check(wanted)]);
  const key = ({ protocol, port }: Port): string => `${protocol}/${port}`;
  const keys = new Set(wanted.map(key));
  const taken = new Map([...bound, ...published.filter((one) => keys.has(key(one)))].map((one) => [key(one), one]));
  return [...taken.values()].map(({ protocol, port, by }) => ({ protocol, port, by }));
}
