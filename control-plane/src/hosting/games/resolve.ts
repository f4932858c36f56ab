/** Game + variables + leased ports → the `ServerSpec` that the agent gets. Pure. */
import {
  AppError,
  fill,
  placeholders,
  variableFault,
  type Fault,
  specOfGame,
  type Game,
  type Rng,
  type ServerSpec,
  type Variable,
} from "@playspawn/shared";
import type { LoadedGame } from "./load.ts";
import { patternsOf } from "./patterns.ts";

export type VariableValue = string | number | boolean;
export type Variables = Record<string, VariableValue>;

/** Shown in place of a secret; given back unchanged it means "as it was". */
export const secretMask = "********";

/**
 * Every variable of the game with its value: given, else as before, else the default.
 * @throws AppError invalid_variables with one fault for each wrong one
 */
export function resolveVariables(game: Game, given: Record<string, unknown>, before: Variables = {}): Variables {
  const faults: Fault[] = [];
  for (const name of Object.keys(given))
    if (!Object.hasOwn(game.variables, name))
      faults.push({ pointer: `/variables/${escapePointer(name)}`, detail: `${game.name} has no such variable` });
  const resolved: Variables = {};
  const compile = patternsOf(game);
  for (const [name, variable] of Object.entries(game.variables)) {
    const value = pick(name, variable, given, before);
    const fault = variableFault(variable, value, compile);
    if (fault) faults.push({ pointer: `/variables/${name}`, detail: fault });
    else resolved[name] = value as VariableValue;
  }
  if (faults.length === 0) return resolved;
  const list = faults.map(({ pointer, detail }) => `${pointer.slice("/variables/".length)} ${detail}`).join("; ");
  throw new AppError("invalid_variables", `The variables for ${game.name} are not valid: ${list}.`, { faults });
}

function pick(name: string, variable: Variable, given: Record<string, unknown>, before: Variables): unknown {
  const kept = Object.hasOwn(before, name) ? before[name] : variable.default;
  if (!Object.hasOwn(given, name)) return kept;
  // Also what was no secret is masked where nothing is known of it any more.
  const masked = given[name] === secretMask && (isSecret(variable) || Object.hasOwn(before, name));
  return masked || (given[name] === "" && isGenerated(variable)) ? kept : given[name];
}

/** What is asked for, and the server's own name where the game shows it and nothing else is asked for. */
export function withServerName(game: Game, name: string, given: Record<string, unknown> = {}): Record<string, unknown> {
  const compile = patternsOf(game);
  const named = Object.entries(game.variables).filter(
    ([, variable]) => variable.type === "string" && variable.serverName && !variableFault(variable, name, compile),
  );
  return { ...Object.fromEntries(named.map(([key]) => [key, name])), ...given };
}

/** RFC 6901: `~` and `/` in a name are written `~0` and `~1`. */
const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

const isSecret = (variable: Variable | undefined): boolean => variable?.type === "string" && variable.secret === true;

const isGenerated = (variable: Variable): boolean => variable.type === "string" && variable.generate === true;

/** For answers: secrets that are set are masked; of a game that is not loaded any more nothing is known, so everything is. */
export function maskVariables(game: Game | undefined, variables: Variables): Variables {
  const shown = (name: string, value: VariableValue): VariableValue =>
    value === "" || (game && Object.hasOwn(game.variables, name) && !isSecret(game.variables[name]))
      ? value
      : secretMask;
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, shown(name, value)]));
}

const secretBytes = 18;

/** For a new version: secrets that were left empty and that its game needs get a value of their own. */
export function withSecrets(game: Game, variables: Variables, rng: Pick<Rng, "bytes">): Variables {
  const filled = { ...variables };
  for (const [name, variable] of Object.entries(game.variables))
    if (variable.type === "string" && variable.generate && filled[name] === "")
      filled[name] = base64url(rng.bytes(secretBytes));
  return filled;
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** What the game reads: fixed, then chosen, then the numbers of its ports. */
function environmentOf(
  game: Game,
  variables: Variables,
  publicPorts: Readonly<Record<string, number>>,
): Record<string, string> {
  const env = { ...game.environment };
  for (const [name, value] of Object.entries(variables)) {
    const variable = game.variables[name];
    if (variable?.type === "string" && variable.omitEmpty && value === "") continue;
    const as = variable?.type === "boolean" ? variable.as : undefined;
    env[name] = as ? (value === true ? as.on : as.off) : String(value);
  }
  for (const [name, port] of Object.entries(game.ports)) if (port.env) env[port.env] = String(publicPorts[name]);
  return env;
}

/** Each value stands in its place as a whole: nothing in it is read as another argument. */
const argumentsOf = (command: NonNullable<Game["command"]>, env: Readonly<Record<string, string>>): string[] =>
  command.flatMap((argument) => {
    const parts = [argument].flat();
    const empty = Array.isArray(argument) && parts.flatMap(placeholders).some((name) => !env[name]);
    return empty ? [] : parts.map((part) => fill(part, env));
  });

/** The game with the ports that its variables ask for. */
export const gameFor = (game: Game, variables: Variables): Game => ({
  ...game,
  ports: Object.fromEntries(
    Object.entries(game.ports).filter(([, { when }]) => when === undefined || variables[when] === true),
  ),
});

/** @param publicPorts port name → leased public port; every public port that the variables ask for must be in it */
export function resolveSpec(
  template: Pick<LoadedGame, "game" | "context">,
  variables: Variables,
  publicPorts: Readonly<Record<string, number>>,
): ServerSpec {
  const { context } = template;
  const game = gameFor(template.game, variables);
  const env = environmentOf(game, variables, publicPorts);
  const internal = Object.entries(game.ports).flatMap(([name, { protocol, container, public: where }]) =>
    where === "none" && container !== "public" ? [{ name, protocol, container }] : [],
  );
  return {
    game: game.id,
    image: "ref" in game.image ? { ref: game.image.ref } : { context: context! },
    env,
    ports: publicPortsOf(game).map(([name, { protocol, container }]) => ({
      name,
      protocol,
      container: container === "public" ? publicPorts[name]! : container,
      public: publicPorts[name]!,
    })),
    ...(internal.length > 0 && { internalPorts: internal }),
    ...(game.entrypoint && { entrypoint: game.entrypoint }),
    ...(game.command && { command: argumentsOf(game.command, env) }),
    ...specOfGame(game),
  };
}

/** Those that a server leases, of `gameFor` its variables. */
export const publicPortsOf = (game: Game): [string, Game["ports"][string]][] =>
  Object.entries(game.ports).filter(([, port]) => port.public !== "none");
