/** Questions at the terminal. Ctrl-C in one of them ends the command, and so does Ctrl-D. */
import type { ReadStream } from "node:tty";
import type { Context } from "../context.ts";
import { cannotAsk } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";

const prompts = () => import("@clack/prompts");

type Prompts = Awaited<ReturnType<typeof prompts>>;

interface Terminal {
  input: ReadStream;
  output: NodeJS.WriteStream;
  signal: AbortSignal;
}

/** @throws Failure interrupted after Ctrl-C, cancelled when the input ended before there was an answer */
async function ask<T extends string | boolean>(
  { io: { stdin }, ports: { timers } }: Context,
  question: (prompts: Prompts, terminal: Terminal) => Promise<T | symbol>,
): Promise<T> {
  const kinds = await prompts();
  const ended = new AbortController();
  let forget = (): void => {};
  // The prompts do not notice that readline left them, at Ctrl-D or with the terminal: it pauses its input. It does so
  // after each answer, too, which is there before any timer.
  const left = (): void => void (forget = timers.after(0, () => ended.abort()));
  stdin.once("pause", left);
  try {
    const answer = await question(kinds, { input: stdin, output: process.stderr, signal: ended.signal });
    if (typeof answer !== "symbol") return answer;
  } finally {
    stdin.off("pause", left);
    forget();
  }
  if (ended.signal.aborted) throw new Failure(exits.cancelled, "The input ended before there was an answer.");
  throw new Failure(exits.interrupted, "");
}

const isGiven = (value: string | undefined): string | undefined =>
  value?.trim() ? undefined : "Something must stand here.";

/** @param option how scripts say it */
export async function askText(
  context: Context,
  { message, initial, option }: { message: string; initial?: string; option: string },
): Promise<string> {
  if (!context.canAsk) throw cannotAsk(message, `Say it with ${option}.`);
  const beginning = initial === undefined ? {} : { initialValue: initial };
  const answer = await ask<string>(context, ({ text }, terminal) =>
    text({ message, validate: isGiven, ...beginning, ...terminal }),
  );
  return answer.trim();
}

export async function askSecret(
  context: Context,
  { message, option }: { message: string; option: string },
): Promise<string> {
  if (!context.canAsk) throw cannotAsk(message, `Say it with ${option}.`);
  return await ask<string>(context, ({ password }, terminal) => password({ message, validate: isGiven, ...terminal }));
}

/** Goes on only with a yes. @throws Failure cancelled, or usage where nobody can be asked */
export async function agree(context: Context, message: string): Promise<void> {
  if (context.settings.yes) return;
  if (!context.canAsk)
    throw usageFailure("This wants a yes, and nobody can be asked for it here.", "Say it with --yes.");
  if (!(await ask<boolean>(context, ({ confirm }, terminal) => confirm({ message, initialValue: false, ...terminal }))))
    throw new Failure(exits.cancelled, "Nothing was done.");
}

/** For what cannot be undone: the name has to be typed, or said with --confirm; --yes is not enough. */
export async function agreeByName(
  context: Context,
  { message, name, confirmed }: { message: string; name: string; confirmed: string | undefined },
): Promise<void> {
  if (confirmed === name) return;
  if (confirmed !== undefined) throw usageFailure(`--confirm says ${confirmed}, and its name is ${name}.`);
  if (!context.canAsk)
    throw usageFailure("This cannot be undone.", `Confirm it with --confirm ${JSON.stringify(name)}.`);
  const typed = await ask<string>(context, ({ text }, terminal) =>
    text({ message: `${message} Type ${name} to go ahead.`, ...terminal }),
  );
  if (typed !== name) throw new Failure(exits.cancelled, "That is another name. Nothing was done.");
}
