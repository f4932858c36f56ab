/** How a command is declared. Its code is loaded when it runs, so that none pays for another. */
import type { Context } from "./context.ts";

export interface OptionSpec {
  /** As commander takes it: `-n, --tail <lines>`. */
  flags: string;
  text: string;
  /** May be said several times; the command gets a list. */
  many?: boolean;
  default?: string | boolean;
  choices?: readonly string[];
}

/** `options` are those the command declares, under commander's names. */
export type Action<Options = never> = (context: Context, args: string[], options: Options) => Promise<void>;

export interface CommandSpec {
  /** With its arguments: `show <server>`. What an argument is called says what completes it. */
  name: string;
  alias?: string;
  text: string;
  /** Lines without `playspawn `, the most usual first. */
  examples: readonly string[];
  options?: readonly OptionSpec[];
  load(): Promise<Action>;
}

export interface GroupSpec {
  name: string;
  text: string;
  commands: readonly CommandSpec[];
}
