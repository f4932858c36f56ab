/**
 * What no type of a field shows to be wrong: names that lead nowhere, ports that cannot do what is asked of them, two
 * things in one place, and what no container can be given.
 */
import { answers } from "./asleep.ts";
import type { Game } from "./game.ts";
import type { Protocol } from "./fields.ts";
import { pattern, patternFault } from "./pattern.ts";
import { queries, type QueryKind } from "./queries.ts";
import { placeholders } from "./placeholders.ts";
import { isSystemPath } from "./system-path.ts";
import { isRequired, variableFault } from "./variable-fault.ts";
import type { Variable } from "./variable.ts";

export interface GameFault {
  path: (string | number)[];
  message: string;
}

/** Pure. */
export function gameFaults(game: Game): GameFault[] {
  const broken = patternFaults(game);
  // A default cannot be tried with a pattern that is none.
  return broken.length > 0 ? broken : faultsOf(game);
}

const faultsOf = (game: Game): GameFault[] => [
  ...twinFaults(game),
  ...volumeFaults(game),
  ...followerFaults(game),
  ...portUses(game).flatMap((use) => useFaults(game, use)),
  ...countFaults(game),
  ...asleepFaults(game),
  ...nameFaults(game),
  ...portNameFaults(game),
  ...switchFaults(game),
  ...variableFaults(game),
];

function patternFaults({ readiness, save, players, variables }: Game): GameFault[] {
  const faults: GameFault[] = [];
  const look = (path: GameFault["path"], source: string): void => {
    const message = patternFault(source);
    if (message) faults.push({ path, message });
  };
  readiness.anyOf.forEach((probe, i) => "log" in probe && look(["readiness", "anyOf", i, "log"], probe.log));
  if (save && "until" in save) look(["save", "until"], save.until);
  if (players && "line" in players) look(["players", "line"], players.line);
  for (const [name, variable] of Object.entries(variables))
    if (variable.type === "string" && variable.pattern) look(["variables", name, "pattern"], variable.pattern);
  return faults;
}

function twinFaults({ ports, volumes }: Game): GameFault[] {
  const taken = new Map<string, string>();
  const claim = (path: GameFault["path"], name: string, place: string): GameFault[] => {
    const other = taken.get(place);
    taken.set(place, other ?? name);
    return other === undefined ? [] : [{ path, message: `is ${place} in the container, which ${other} has already` }];
  };
  return [
    ...Object.entries(ports).flatMap(([name, { protocol, container }]) =>
      container === "public" ? [] : claim(["ports", name, "container"], name, `${protocol} port ${container}`),
    ),
    ...Object.entries(volumes).flatMap(([name, path]) => claim(["volumes", name], name, path)),
  ];
}

function volumeFaults({ volumes }: Game): GameFault[] {
  return Object.entries(volumes).flatMap(([name, path]) => {
    const plain = path
      .split("/")
      .slice(1)
      .every((part) => part !== "" && part !== ".");
    if (plain && !isSystemPath(path)) return [];
    const message = plain
      ? `must not be ${path}, which belongs to the system`
      : "must be a folder written plainly, e.g. /data: without //, /./ or a slash at the end";
    return [{ path: ["volumes", name], message }];
  });
}

function followerFaults({ ports }: Game): GameFault[] {
  const taken = new Map<string, string>();
  for (const [name, { protocol, public: where }] of Object.entries(ports))
    if (where === "auto") taken.set(`${protocol} ${name} 0`, name);
  return Object.entries(ports).flatMap(([name, { protocol, public: where }]) => {
    if (typeof where === "string") return [];
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

/** What only the agent reaches has no public number to listen on or to tell; and somebody must be able to join. */
function portNameFaults({ ports, environment, variables }: Game): GameFault[] {
  const told = new Set([...Object.keys(environment), ...Object.keys(variables)]);
  const faults = Object.entries(ports).flatMap(([name, { container, public: where, env }]) => {
    const found: GameFault[] = [];
    if (where === "none" && container === "public")
      found.push({ path: ["ports", name, "container"], message: "must be a number, since the port is not public" });
    if (env === undefined) return found;
    if (where === "none") found.push({ path: ["ports", name, "env"], message: "tells a number that is not public" });
    if (told.has(env)) found.push({ path: ["ports", name, "env"], message: `is ${env}, which has a value already` });
    told.add(env);
    return found;
  });
  if (Object.values(ports).every(({ public: where }) => where === "none"))
    faults.push({ path: ["ports"], message: "must have one that is public" });
  return faults;
}

/** What is always there cannot stand on what is not. */
function switchFaults({ ports, variables }: Game): GameFault[] {
  const faults = Object.entries(ports).flatMap(([name, { public: where, when }]) => {
    const found: GameFault[] = [];
    const followed = typeof where === "string" ? undefined : ports[where.of]?.when;
    if (followed !== undefined && followed !== when)
      found.push({ path: ["ports", name, "when"], message: `must be ${followed}, as at the port that it follows` });
    if (when !== undefined && variables[when]?.type !== "boolean")
      found.push({ path: ["ports", name, "when"], message: "must name a variable that is a boolean" });
    return found;
  });
  const always = Object.values(ports).filter(({ public: where }) => where !== "none");
  if (always.length > 0 && always.every(({ when }) => when !== undefined))
    faults.push({ path: ["ports"], message: "must have a public one that is always there" });
  return faults;
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
    void uses.push({ path, port, needs: queries[kind].protocol, what: `the query ${kind}` });
  readiness.anyOf.forEach((probe, i) => {
    const path = ["readiness", "anyOf", i];
    if ("query" in probe) query([...path, "port"], probe.port, probe.query);
    if ("tcp" in probe) uses.push({ path: [...path, "tcp"], port: probe.tcp, needs: "tcp", what: "the probe tcp" });
  });
  if (players && "query" in players) query(["players", "port"], players.port, players.query);
  if (asleep)
    uses.push({
      path: ["asleep", "port"],
      port: asleep.port,
      needs: answers[asleep.answer].protocol,
      what: `the answer ${asleep.answer}`,
    });
  for (const [where, rule] of Object.entries({ save, stop, players }))
    if (rule && "rcon" in rule)
      uses.push({ path: [where, "rcon", "port"], port: rule.rcon.port, needs: "tcp", what: "rcon" });
  return uses;
}

function useFaults({ ports }: Game, { path, port, needs, what }: PortUse): GameFault[] {
  const used = Object.hasOwn(ports, port) ? ports[port] : undefined;
  if (!used) return [{ path, message: `names the port ${port}, which is not among ports` }];
  if (used.when) return [{ path, message: `names the port ${port}, which is only there while ${used.when} is on` }];
  if (used.protocol === needs) return [];
  return [{ path, message: `names the port ${port}, which is ${used.protocol}; ${what} needs a ${needs} port` }];
}

function countFaults({ players }: Game): GameFault[] {
  if (!players || !("query" in players) || queries[players.query].players) return [];
  return [{ path: ["players", "query"], message: `must be another: ${players.query} does not tell who plays` }];
}

/** Of a protocol that has joins of its own it is known what wakes; and nobody can talk to a port that is not public. */
function asleepFaults({ asleep, ports }: Game): GameFault[] {
  if (!asleep) return [];
  const faults: GameFault[] = [];
  if (asleep.joins !== undefined && asleep.answer !== "a2s")
    faults.push({ path: ["asleep", "joins"], message: `is for a2s alone: who joins by ${asleep.answer} is known` });
  const port = Object.hasOwn(ports, asleep.port) ? ports[asleep.port] : undefined;
  if (port?.public === "none")
    faults.push({ path: ["asleep", "port"], message: `names the port ${asleep.port}, which is not public` });
  return faults;
}

/** Names of what must be in the environment. */
function nameFaults({ save, stop, players, command, variables, environment, ports }: Game): GameFault[] {
  const plain = new Set([...Object.keys(variables), ...Object.keys(environment)]);
  const where = "which is neither among variables nor under environment";
  const faults: GameFault[] = Object.entries({ save, stop, players }).flatMap(([rule, value]) => {
    if (!value || !("rcon" in value) || plain.has(value.rcon.passwordVariable)) return [];
    return [{ path: [rule, "rcon", "passwordVariable"], message: `names ${value.rcon.passwordVariable}, ${where}` }];
  });
  const max = players && "maxVariable" in players ? players.maxVariable : undefined;
  if (max !== undefined && !plain.has(max))
    faults.push({ path: ["players", "maxVariable"], message: `names ${max}, ${where}` });
  const all = new Set([...plain, ...Object.values(ports).flatMap(({ env }) => env ?? [])]);
  (command ?? []).forEach((argument, i) => {
    for (const name of [argument].flat().flatMap(placeholders))
      if (!all.has(name)) faults.push({ path: ["command", i], message: `names ${name}, which the game does not get` });
  });
  return faults;
}

function variableFaults({ variables, environment }: Game): GameFault[] {
  return Object.entries(variables).flatMap(([name, variable]) => {
    const fault = isRequired(variable) ? requiredFault(variable) : variableFault(variable, variable.default, pattern);
    return [
      ...(fault ? [{ path: ["variables", name, "default"], message: fault }] : []),
      ...(Object.hasOwn(environment, name)
        ? [{ path: ["variables", name], message: "is fixed under environment already" }]
        : []),
      ...formFaults(name, variable),
    ];
  });
}

/** A default that were accepted would be chosen by nobody. */
function requiredFault(variable: Variable): string | undefined {
  const none = variable.type === "boolean" ? false : "";
  return variable.default === none ? undefined : `must be ${JSON.stringify(none)}, since it is required`;
}

function formFaults(name: string, variable: Variable): GameFault[] {
  const path = ["variables", name];
  if (variable.type === "string" && variable.generate && !variable.secret)
    return [{ path: [...path, "generate"], message: "is for secrets alone: add secret: true" }];
  if (variable.type === "string" && variable.generate && variable.required)
    return [{ path: [...path, "required"], message: "cannot be: what is left empty is made up" }];
  if (variable.type !== "enum") return [];
  return Object.keys(variable.labels ?? {})
    .filter((option) => !variable.options.includes(option))
    .map((option) => ({ path: [...path, "labels", option], message: "is none of the options" }));
}
