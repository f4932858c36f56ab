/** What a new server will be, and why each value is what it is. Pure. */
import type { Variable } from "@playspawn/shared/games/game.ts";
import { isRequired, variableFault } from "@playspawn/shared/games/variable-fault.ts";
import { bytes } from "@playspawn/shared/words/bytes.ts";
import { idleText } from "@playspawn/shared/words/time.ts";
import type { CreateServer, Game } from "../api/types.ts";
import { secondsOf } from "../duration.ts";
import { usageFailure } from "../failure.ts";

/** What can be said of a server at any time. */
export interface ChangeOptions {
  set?: string[];
  idle?: string;
  want?: "auto" | "running" | "stopped";
}

export interface CreateOptions extends ChangeOptions {
  name?: string;
  port?: string[];
  /** As it was written; the request has its id. */
  node?: string;
}

export interface PlanLine {
  name: string;
  value: string;
  why: string;
}

type Value = string | number | boolean;

/** Splits `NAME=value`. @throws Failure usage */
export function assignment(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw usageFailure(`${option} ${text} says no value.`, `Write it like ${option} NAME=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

const truths: Record<string, boolean> = {
  true: true,
  yes: true,
  on: true,
  "1": true,
  false: false,
  no: false,
  off: false,
  "0": false,
};

/** What people wrote as what the variable takes; what does not fit stays text, and the API says what is wrong with it. */
export function valueOf(variable: Pick<Variable, "type"> | undefined, text: string): Value {
  if (variable?.type === "integer" && /^[+-]?\d+$/.test(text)) return Number(text);
  if (variable?.type === "boolean") return truths[text.toLowerCase()] ?? text;
  return text;
}

/** What was given, as the game takes it. @throws Failure usage for a name it has not, and for what it requires */
export function variablesFrom(game: Game, given: Record<string, string>): Record<string, Value> {
  const unknown = Object.keys(given).find((variable) => !Object.hasOwn(game.variables, variable));
  if (unknown !== undefined)
    throw usageFailure(
      `${game.name} has no variable ${unknown}.`,
      `It has: ${Object.keys(game.variables).join(", ") || "none"}`,
    );
  const values = Object.fromEntries(
    Object.entries(given).map(([key, text]) => [key, valueOf(game.variables[key], text)] as const),
  );
  const open = Object.entries(game.variables).find(
    ([name, variable]) => isRequired(variable) && variableFault(variable, values[name] ?? variable.default),
  );
  if (!open) return values;
  const [name, { label, description, type }] = open;
  throw usageFailure(
    `${game.name} needs ${name}: ${label}.${description === undefined ? "" : ` ${description}`}`,
    `Say it with --set ${name}=${type === "boolean" ? "true" : "…"}`,
  );
}

/** The API's request. @param given the texts of --set, files read @throws Failure usage */
export function requestOf(
  game: Game,
  name: string,
  options: CreateOptions,
  given: Record<string, string>,
): CreateServer {
  const variables = variablesFrom(game, given);
  const ports = (options.port ?? []).map((text) => {
    const [port, number] = assignment("--port", text);
    if (!/^\d{1,5}$/.test(number)) throw usageFailure(`--port ${text}: ${number} is not a port number.`);
    return [port, Number(number)] as const;
  });
  return {
    game: game.id,
    name,
    ...(Object.keys(variables).length > 0 && { variables }),
    ...(ports.length > 0 && { ports: Object.fromEntries(ports) }),
    ...(options.idle !== undefined && { idleSeconds: idleSecondsOf(options.idle) }),
    ...(options.want && { want: options.want }),
  };
}

export const idleSecondsOf = (text: string): number | null => (text === "never" ? null : secondsOf("--idle", text));

/** The game's name, with a number where servers of that name are there: each should be found by its name. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const has = new Set(taken.map((name) => name.toLowerCase()));
  if (!has.has(wanted.toLowerCase())) return wanted;
  for (let number = 2; ; number++) if (!has.has(`${wanted} ${number}`.toLowerCase())) return `${wanted} ${number}`;
}

const isSecret = (variable: Variable | undefined): boolean => variable?.type === "string" && variable.secret === true;

const wantWords = { auto: "sleeps and wakes by itself", running: "always awake", stopped: "stays off" } as const;

export function planOf(game: Game, request: CreateServer, options: CreateOptions): PlanLine[] {
  const you = "you said so";
  const its = "the game's own";
  const { want = "auto", idleSeconds: idle, ports = {}, variables = {} } = request;
  return [
    { name: "Name", value: request.name, why: options.name === undefined ? "no other server has it; --name" : you },
    { name: "Game", value: game.name, why: you },
    { name: "Node", value: options.node ?? "the emptiest", why: options.node === undefined ? "--node" : you },
    { name: "Keeps", value: wantWords[want], why: options.want ? you : "the usual; --want" },
    ...(want === "auto"
      ? [
          {
            name: "Sleeps after",
            value: idle === undefined ? "the usual time" : idleText(idle),
            why: idle === undefined ? "--idle" : you,
          },
        ]
      : []),
    {
      name: "Takes",
      value: `${bytes(game.memoryBytes)} of memory, ${game.cpu} ${game.cpu === 1 ? "core" : "cores"}`,
      why: its,
    },
    ...Object.entries(game.ports)
      .filter(([, { when }]) => when === undefined || variables[when] === true)
      .map(([name, { protocol }]) => ({
        name: `Port ${name}`,
        value: ports[name] === undefined ? `any, ${protocol}` : `${ports[name]}, ${protocol}`,
        why: ports[name] === undefined ? "a free one of the node; --port" : you,
      })),
    ...Object.entries(game.variables).map(([name, variable]) => {
      const given = variables[name];
      const named = variable.type === "string" && variable.serverName === true;
      // As the control plane chooses it.
      const own = named && !variableFault(variable, request.name) ? request.name : variable.default;
      const value = given ?? own;
      return {
        name,
        value: isSecret(variable) && value !== "" ? "********" : String(value),
        why: given === undefined ? `${its}; --set` : you,
      };
    }),
  ];
}

/** Secrets that were written as they are, and so stand in the history of the shell. */
export const openSecrets = (game: Game, texts: readonly string[]): string[] =>
  texts
    .map((text) => assignment("--set", text))
    .filter(([name, value]) => isSecret(game.variables[name]) && value !== "" && !value.startsWith("@"))
    .map(([name]) => name);
