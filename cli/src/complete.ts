/** What could stand at the end of a command line: commands and options from the tree, names from Playspawn. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { Command, Option } from "commander";
import { type Api, createApi } from "./api/client.ts";
import { listNodes, listServers } from "./api/pages.ts";
import type { Surroundings } from "./context.ts";
import { harmless } from "./output/text.ts";
import type { Named } from "./pick.ts";
import { createProgram } from "./program.ts";
import { findServer } from "./servers/find.ts";
import { findSession } from "./session/session.ts";

export interface Candidate {
  value: string;
  about: string;
}

/** Somebody waits with a finger on the Tab key. */
const limitMs = 1500;
const cachedMs = 10_000;

/** One candidate a line, with a tab before what it is. Never fails: at the worst there is nothing to offer. */
export async function complete(words: readonly string[], surroundings: Surroundings): Promise<string> {
  const candidates = await candidatesOf(words, surroundings).catch(() => []);
  return candidates.map(({ value, about }) => `${value}\t${about}\n`).join("");
}

/** @param words after `playspawn`; the last one is what is being typed, perhaps empty */
async function candidatesOf(words: readonly string[], surroundings: Surroundings): Promise<Candidate[]> {
  const typed = unquoted(words.at(-1) ?? "");
  const { command, args, pending, given } = walk(createProgram(surroundings), words.slice(0, -1));
  const of = command.registeredArguments[0]?.name();
  const fits = ({ value }: Candidate): boolean => value.toLowerCase().startsWith(typed.toLowerCase());
  if (pending?.long === "--set") return (await variablesOf(of, args[0], given, surroundings)).filter(fits);
  if (pending?.long === "--node") return (await valuesOf("node", given, surroundings)).filter(fits);
  if (pending) return (pending.argChoices ?? []).map((value) => ({ value, about: "" })).filter(fits);
  if (typed.startsWith("-")) return optionsOf(command).filter(fits);
  if (command.commands.length > 0) return commandsOf(command).filter(fits);
  const argument = command.registeredArguments[args.length];
  return argument ? (await valuesOf(argument.name(), given, surroundings)).filter(fits) : [];
}

interface Walked {
  command: Command;
  /** Arguments of the command that stand there already. */
  args: string[];
  /** The option whose value is being typed. */
  pending: Option | undefined;
  given: { url?: string; tokenFile?: string };
}

function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  const args: string[] = [];
  const given: Walked["given"] = {};
  for (let i = 0; i < words.length; i++) {
    const word = unquoted(words[i]!);
    const [flag = "", inline] = word.startsWith("--") ? word.split("=", 2) : [word];
    const option = [...command.options, ...program.options].find(({ long, short }) => flag === long || flag === short);
    if (option) {
      const takesNext = option.required && inline === undefined;
      if (takesNext && i + 1 === words.length) return { command, args, pending: option, given };
      const value = inline ?? (takesNext ? unquoted(words[++i]!) : undefined);
      if (option.long === "--url" && value) given.url = value;
      if (option.long === "--token-file" && value && value !== "-") given.tokenFile = value;
    } else if (!word.startsWith("-")) {
      const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (next) command = next;
      else args.push(word);
    }
  }
  return { command, args, pending: undefined, given };
}

/** As bash hands it over: with the quotes and backslashes that were typed. */
const unquoted = (word: string): string => word.replace(/^(["'])(.*?)\1?$/s, "$2").replaceAll(/\\(.)/gs, "$1");

const commandsOf = (command: Command): Candidate[] =>
  command.commands.map((each) => ({ value: each.name(), about: each.description() }));

function optionsOf(command: Command): Candidate[] {
  const all = [...command.options, ...(command.parent?.parent ?? command.parent ?? command).options];
  return all
    .map(({ long, short, description }) => ({ value: long ?? short ?? "", about: description }))
    .concat({ value: "--help", about: "show help" });
}

async function valuesOf(argument: string, given: Walked["given"], surroundings: Surroundings): Promise<Candidate[]> {
  switch (argument) {
    case "shell":
      return ["bash", "zsh", "fish", "pwsh"].map((value) => ({ value, about: "" }));
    case "method":
      return ["GET", "POST", "PUT", "PATCH", "DELETE"].map((value) => ({ value, about: "" }));
    case "topic":
      return [...commandsOf(createProgram(surroundings)), { value: "exit-codes", about: "what exit codes mean" }];
    case "server":
      return named(await remembered("servers", given, surroundings, (api) => listServers(api)));
    case "trashed":
      return named(await remembered("trash", given, surroundings, (api) => listServers(api, { trash: true })));
    case "node":
      return named(await remembered("nodes", given, surroundings, listNodes));
    case "game":
      return named(await remembered("games", given, surroundings, listGames));
    default:
      return [];
  }
}

const listGames = async (api: Api): Promise<Named[]> =>
  // A game is called by its id, which is short and has no spaces.
  (await api.call("get", "/api/v1/games", {})).items.map(({ id, name }) => ({ id: name, name: id }));

/** `NAME=` of a game's variables, or of those that a server has. @param of what `named` stands for */
async function variablesOf(
  of: string | undefined,
  named: string | undefined,
  given: Walked["given"],
  surroundings: Surroundings,
): Promise<Candidate[]> {
  if (named === undefined) return [];
  const list = async (api: Api): Promise<Named[]> =>
    of === "game"
      ? Object.entries((await api.call("get", "/api/v1/games/{id}", { path: { id: named } })).variables).map(
          ([name, { label }]) => ({ id: label, name }),
        )
      : Object.keys((await findServer(api, named)).variables).map((name) => ({ id: "", name }));
  const found = await remembered(`set-${hashed(`${of} ${named}`)}`, given, surroundings, list);
  return found.map(({ id, name }) => ({ value: harmless(`${name}=`), about: harmless(id) }));
}

const hashed = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** By name, or by id where two share one. */
function named(items: readonly Named[]): Candidate[] {
  const counts = new Map<string, number>();
  for (const { name } of items) counts.set(name, (counts.get(name) ?? 0) + 1);
  return items
    .map(({ id, name }) => (counts.get(name) === 1 ? { value: name, about: id } : { value: id, about: name }))
    .map(({ value, about }) => ({ value: harmless(value), about: harmless(about) }));
}

/** For ten seconds the names of before will do: Tab is pressed many times in a row. */
async function remembered(
  what: string,
  given: Walked["given"],
  { env, io, ports: { clock } }: Surroundings,
  list: (api: Api) => Promise<Named[]>,
): Promise<Named[]> {
  const { url, token } = await findSession({ url: given.url, tokenFile: given.tokenFile }, env, io.stdin);
  const who = hashed(`${url} ${token}`);
  const path = join(env.cacheDir, `${what}-${who}.json`);
  const known = await readFile(path, "utf8").then(
    (text) => JSON.parse(text) as { at: number; items: Named[] },
    () => undefined,
  );
  if (known && Math.abs(clock.now() - known.at) < cachedMs) return known.items;
  const items = (await list(createApi({ url, token, limitMs }))).map(({ id, name }) => ({ id, name }));
  await keep(path, JSON.stringify({ at: clock.now(), items })).catch(() => {});
  return items;
}

async function keep(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.${process.pid}`, text, { mode: 0o600 });
  await rename(`${path}.${process.pid}`, path);
}
