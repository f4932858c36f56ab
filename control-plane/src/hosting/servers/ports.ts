/** Which public ports a new server may get: candidates from the node's range, followers beside their base. Pure. */
import { AppError, type Game, type Protocol, type Rng } from "@playspawn/shared";

export interface PortRef {
  protocol: Protocol;
  port: number;
}

/** A port that is leased, and those that stand at a fixed distance from it. */
export interface PortGroup {
  base: string;
  members: { name: string; protocol: Protocol; offset: number }[];
}

/** Public port by name. */
export type PortChoice = Record<string, number>;

export interface PortRange {
  from: number;
  to: number;
}

export const portKey = ({ protocol, port }: PortRef): string => `${protocol}/${port}`;

export function portGroups(game: Game): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const [name, { protocol, public: where }] of Object.entries(game.ports))
    if (where === "auto") groups.set(name, { base: name, members: [{ name, protocol, offset: 0 }] });
  for (const [name, { protocol, public: where }] of Object.entries(game.ports))
    if (typeof where !== "string") groups.get(where.of)?.members.push({ name, protocol, offset: where.offset });
  return [...groups.values()];
}

export const refsOf = (group: PortGroup, base: number): PortRef[] =>
  group.members.map(({ protocol, offset }) => ({ protocol, port: base + offset }));

export const choiceOf = (group: PortGroup, base: number): PortChoice =>
  Object.fromEntries(group.members.map(({ name, offset }) => [name, base + offset]));

const bases = (groups: readonly PortGroup[]): string => groups.map(({ base }) => base).join(", ") || "none";

/** @throws AppError invalid_request for a name that no base port has, or a port outside the node's range */
export function checkExplicit(game: Game, explicit: PortChoice, range: PortRange): void {
  const groups = portGroups(game);
  const faults = Object.entries(explicit).flatMap(([name, port]) => {
    const pointer = `/ports/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const follows = groups.find((group) => group.members.some((member) => member.name === name));
    if (!follows) return [{ pointer, detail: `is no public port of ${game.name}, which has ${bases(groups)}` }];
    if (follows.base !== name) return [{ pointer, detail: `follows the port ${follows.base}: name that one` }];
    const outside = refsOf(follows, port).find((ref) => !inRange(range, ref.port));
    if (outside)
      return [{ pointer, detail: `must lead to ports from ${range.from} to ${range.to}, not ${outside.port}` }];
    return [];
  });
  const keys = groups
    .filter(({ base }) => Object.hasOwn(explicit, base))
    .flatMap((group) => refsOf(group, explicit[group.base]!).map(portKey));
  if (new Set(keys).size < keys.length) faults.push({ pointer: "/ports", detail: "names one port twice" });
  if (faults.length === 0) return;
  const list = faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ");
  throw new AppError("invalid_request", `The ports are not valid: ${list}.`, { faults });
}

const inRange = ({ from, to }: PortRange, port: number): boolean => port >= from && port <= to;

/** A round of questions to an agent names at most this many ports. */
export const portsPerCheckMax = 200;

export interface Candidate {
  group: PortGroup;
  base: number;
}

/**
 * Up to `limit` free bases for each group, no two sharing a port. They begin at a random place: two installations on
 * one machine would else ask for the same ports at the same time.
 */
export function candidates(
  groups: readonly PortGroup[],
  { range, unavailable, rng, limit }: { range: PortRange; unavailable: ReadonlySet<string>; rng: Rng; limit: number },
): Candidate[] {
  const size = range.to - range.from + 1;
  const used = new Set(unavailable);
  return groups.flatMap((group) => {
    const start = Math.floor(rng.float() * size);
    const found: Candidate[] = [];
    for (let step = 0; step < size && found.length < limit; step++) {
      const base = range.from + ((start + step) % size);
      const refs = refsOf(group, base);
      if (refs.some((ref) => !inRange(range, ref.port) || used.has(portKey(ref)))) continue;
      for (const ref of refs) used.add(portKey(ref));
      found.push({ group, base });
    }
    return found;
  });
}
