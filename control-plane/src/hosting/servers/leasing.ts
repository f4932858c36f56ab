/** Finds ports for a new server on one node: not leased, not about to be, and free in the eyes of the node's agent. */
import { AppError, PortsCheckResult, type Call, type Game, type Rng } from "@playspawn/shared";
import {
  candidates,
  checkExplicit,
  choiceOf,
  portGroups,
  portKey,
  portsPerCheckMax,
  refsOf,
  type Candidate,
  type PortChoice,
  type PortGroup,
  type PortRange,
  type PortRef,
} from "./ports.ts";

export interface Lessor {
  /** `key` (see portKey) → who has it, for people. */
  leased(): Promise<Map<string, string>>;
  ask(call: Call): Promise<unknown>;
}

export interface Reservation {
  ports: PortChoice;
  /** The lease is stored, or will not be. */
  release(): void;
}

const roundsMax = 10;
const perGroupMax = 20;

/** Ports that creates in flight have chosen, per node: what they will lease is not in the database yet. */
export function leasing(rng: Rng) {
  const reserved = new Map<string, Set<string>>();

  return {
    /**
     * @param explicit base ports that the client asks for
     * @throws AppError port_taken | ports_exhausted | invalid_request | node_unreachable
     */
    async reserve(node: string, range: PortRange, game: Game, explicit: PortChoice, lessor: Lessor) {
      checkExplicit(game, explicit, range);
      const mine = reserved.get(node) ?? new Set();
      reserved.set(node, mine);
      const taken = new Set<string>();
      for (let round = 0; round < roundsMax; round++) {
        const leased = await lessor.leased();
        const unavailable = new Set([...leased.keys(), ...mine, ...taken]);
        const options = optionsFor(game, explicit, { leased, mine, range, unavailable, rng });
        const refs = options.flatMap(({ group, base }) => refsOf(group, base));
        for (const [key, by] of await askAgent(lessor, refs)) {
          refuseExplicit(explicit, game, key, by);
          taken.add(key);
        }
        const chosen = choose(portGroups(game), options, new Set([...mine, ...taken]));
        if (chosen) return reservation(mine, chosen);
      }
      throw exhausted(range);
    },
  };
}

interface Scene {
  leased: ReadonlyMap<string, string>;
  mine: ReadonlySet<string>;
  range: PortRange;
  unavailable: ReadonlySet<string>;
  rng: Rng;
}

function optionsFor(game: Game, explicit: PortChoice, scene: Scene): Candidate[] {
  const groups = portGroups(game);
  const fixed = groups.filter((group) => Object.hasOwn(explicit, group.base));
  const wanted = fixed.map((group) => ({ group, base: explicit[group.base]! }));
  const keys = wanted.flatMap(({ group, base }) => refsOf(group, base).map(portKey));
  for (const key of keys) {
    const by = scene.leased.get(key) ?? (scene.mine.has(key) ? "a server that is being created" : undefined);
    if (by !== undefined) throw portTaken(key, by);
  }
  const free = groups.filter((group) => !fixed.includes(group));
  const limit = Math.min(perGroupMax, Math.floor(portsPerCheckMax / Math.max(1, countPorts(groups))));
  const unavailable = new Set([...scene.unavailable, ...keys]);
  const found = candidates(free, { range: scene.range, unavailable, rng: scene.rng, limit });
  if (free.some((group) => !found.some((option) => option.group === group))) throw exhausted(scene.range);
  return [...wanted, ...found];
}

const countPorts = (groups: readonly PortGroup[]): number =>
  groups.reduce((sum, { members }) => sum + members.length, 0);

async function askAgent(lessor: Lessor, ports: PortRef[]): Promise<Map<string, string>> {
  const answer = PortsCheckResult.safeParse(await lessor.ask({ op: "ports.check", ports }));
  if (!answer.success)
    throw new AppError("node_unreachable", "The node gave an answer about its ports that makes no sense.");
  return new Map(answer.data.taken.map((port) => [portKey(port), port.by]));
}

function refuseExplicit(explicit: PortChoice, game: Game, key: string, by: string): void {
  for (const group of portGroups(game)) {
    const base = explicit[group.base];
    if (base !== undefined && refsOf(group, base).some((ref) => portKey(ref) === key)) throw portTaken(key, by);
  }
}

/** One base per group, or undefined when a group has none left. */
function choose(
  groups: readonly PortGroup[],
  options: readonly Candidate[],
  unavailable: ReadonlySet<string>,
): Candidate[] | undefined {
  const usable = options.filter(({ group, base }) =>
    refsOf(group, base).every((ref) => !unavailable.has(portKey(ref))),
  );
  const chosen = groups.map((group) => usable.find((option) => option.group.base === group.base));
  return chosen.every((option) => option !== undefined) ? chosen : undefined;
}

function reservation(mine: Set<string>, chosen: readonly Candidate[]): Reservation {
  const keys = chosen.flatMap(({ group, base }) => refsOf(group, base).map(portKey));
  for (const key of keys) mine.add(key);
  return {
    ports: Object.assign({}, ...chosen.map(({ group, base }) => choiceOf(group, base))) as PortChoice,
    release: () => keys.forEach((key) => mine.delete(key)),
  };
}

/** @param key e.g. `tcp/25565` */
export function portTaken(key: string, by: string): AppError {
  const [protocol, port] = key.split("/");
  return new AppError("port_taken", `Port ${port}/${protocol} is taken by ${by}. Choose another, or leave it out.`);
}

const exhausted = ({ from, to }: PortRange): AppError =>
  new AppError(
    "ports_exhausted",
    `No port of ${from}-${to} is free on this node. Delete a server, or widen PLAYSPAWN_PORT_RANGE.`,
  );
