/** What no single field of a game shows to be wrong: names that lead nowhere, and ports that cannot do what is asked of them. */
import type { Game, Protocol, QueryKind } from "./game.ts";
import { variableFault } from "./variable-fault.ts";

export interface GameFault {
  path: (string | number)[];
  message: string;
}

const queryProtocol: Readonly<Record<QueryKind, Protocol>> = { minecraft: "tcp", teeworlds: "udp" };

/** Pure. */
export const gameFaults = (game: Game): GameFault[] => [
  ...followerFaults(game),
  ...portUses(game).flatMap((use) => useFaults(game, use)),
  ...passwordFaults(game),
  ...variableFaults(game),
];

function followerFaults({ ports }: Game): GameFault[] {
  const taken = new Map<string, string>();
  return Object.entries(ports).flatMap(([name, { protocol, public: where }]) => {
    if (where === "auto") return [];
    const path = ["ports", name, "public"];
    if (!Object.hasOwn(ports, where.of) || ports[where.of]?.public !== "auto")
      return [{ path: [...path, "of"], message: "must name a port that is auto" }];
    const key = `${protocol} ${where.of} ${where.offset}`;
    const other = taken.get(key);
    taken.set(key, name);
    return other === undefined
      ? []
      : [{ path: [...path, "offset"], message: `is the ${protocol} port that ${other} has already` }];
  });
}

interface PortUse {
  path: (string | number)[];
  port: string;
  needs: Protocol;
  /** What needs it, for people. */
  what: string;
}

function portUses({ readiness, players, asleep, save, stop }: Game): PortUse[] {
  const uses: PortUse[] = [];
  const query = (path: PortUse["path"], port: string, kind: QueryKind): void =>
    void uses.push({ path, port, needs: queryProtocol[kind], what: `the query ${kind}` });
  readiness.anyOf.forEach((probe, i) => {
    const path = ["readiness", "anyOf", i];
    if ("query" in probe) query([...path, "port"], probe.port, probe.query);
    if ("tcp" in probe) uses.push({ path: [...path, "tcp"], port: probe.tcp, needs: "tcp", what: "the probe tcp" });
  });
  if (players) query(["players", "port"], players.port, players.query);
  if (asleep)
    uses.push({ path: ["asleep", "port"], port: asleep.port, needs: "tcp", what: `the answer ${asleep.answer}` });
  for (const [where, rule] of Object.entries({ save, stop }))
    if (rule && "rcon" in rule)
      uses.push({ path: [where, "rcon", "port"], port: rule.rcon.port, needs: "tcp", what: "rcon" });
  return uses;
}

function useFaults({ ports }: Game, { path, port, needs, what }: PortUse): GameFault[] {
  const used = Object.hasOwn(ports, port) ? ports[port] : undefined;
  if (!used) return [{ path, message: `names the port ${port}, which is not among ports` }];
  if (used.protocol === needs) return [];
  return [{ path, message: `names the port ${port}, which is ${used.protocol}; ${what} needs a ${needs} port` }];
}

function passwordFaults({ save, stop, variables, environment }: Game): GameFault[] {
  return Object.entries({ save, stop }).flatMap(([where, rule]) => {
    if (!rule || !("rcon" in rule)) return [];
    const name = rule.rcon.passwordVariable;
    if (Object.hasOwn(variables, name) || Object.hasOwn(environment, name)) return [];
    const message = `names ${name}, which is neither among variables nor under environment`;
    return [{ path: [where, "rcon", "passwordVariable"], message }];
  });
}

function variableFaults({ variables, environment }: Game): GameFault[] {
  return Object.entries(variables).flatMap(([name, variable]) => {
    const fault = variableFault(variable, variable.default);
    return [
      ...(fault ? [{ path: ["variables", name, "default"], message: fault }] : []),
      ...(Object.hasOwn(environment, name)
        ? [{ path: ["variables", name], message: "is fixed under environment already" }]
        : []),
    ];
  });
}
