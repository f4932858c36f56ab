/** What every command is given: the terminal, what was asked of all commands, and the way to Playspawn. */
import type { Ports } from "@playspawn/shared/ports/ports.ts";
import { type Api, createApi } from "./api/client.ts";
import type { Environment } from "./config.ts";
import { usageFailure } from "./failure.ts";
import type { Io } from "./output/io.ts";
import { harmless } from "./output/text.ts";
import { findSession, notTaken, type Session } from "./session/session.ts";

/** Options that every command takes. */
export interface Settings {
  url?: string;
  tokenFile?: string;
  json?: boolean;
  quiet?: boolean;
  yes?: boolean;
  /** Whether questions may be asked. */
  input: boolean;
}

export interface Context {
  io: Io;
  env: Environment;
  ports: Ports;
  settings: Settings;
  /** Aborts on Ctrl-C. */
  signal: AbortSignal;
  session(): Promise<Session>;
  api(): Promise<Api>;
  /** The answer: data, to standard output. */
  print(text: string): void;
  /** A word about it, to standard error; not with --quiet. */
  say(line: string): void;
  /** The answer as the API's JSON with --json, else in words. */
  answer(json: unknown, words: () => string): void;
  /** Whether somebody can be asked. */
  readonly canAsk: boolean;
  /** The help of the command that these words name, of all commands without any; null when there is no such command. */
  helpOf: HelpOf;
}

export type HelpOf = (words: readonly string[]) => string | null;

export interface Surroundings {
  io: Io;
  env: Environment;
  ports: Ports;
  signal: AbortSignal;
}

export function createContext({ io, env, ports, signal }: Surroundings, settings: Settings, helpOf: HelpOf): Context {
  let found: Promise<Session> | undefined;
  const session = (): Promise<Session> => (found ??= findSession(given(settings), env, io.stdin));
  const print = (text: string): void => io.out.write(text);
  return {
    io,
    env,
    ports,
    settings,
    signal,
    helpOf,
    session,
    async api() {
      const known = await session();
      return createApi({ url: known.url, token: known.token, onUnauthenticated: notTaken(known) });
    },
    print,
    say: (line) => (settings.quiet ? undefined : io.err.write(`${harmless(line, { keepColours: true })}\n`)),
    answer: (json, words) => print(settings.json ? `${JSON.stringify(json, null, 2)}\n` : words()),
    // Questions go to standard error, so that an answer in a pipe stays clean.
    canAsk: settings.input && !settings.json && io.stdin.isTTY === true && io.err.isTerminal,
  };
}

const given = ({ url, tokenFile }: Settings) => ({ url, tokenFile });

/** What is missing where nobody can be asked for it. */
export const cannotAsk = (what: string, ...hints: string[]) =>
  usageFailure(`${what} is missing, and nobody can be asked for it here.`, ...hints);
