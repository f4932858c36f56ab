/** Questions at the terminal. Ctrl-C in one of them ends the command. */
import type { Context } from "../context.ts";
import { cannotAsk } from "../context.ts";
import { exits } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";

const prompts = () => import("@clack/prompts");

/** What was answered; a symbol stands for Ctrl-C. */
function answered<T extends string | boolean>(answer: T | symbol): T {
  if (typeof answer === "symbol") throw new Failure(exits.interrupted, "");
  return answer;
}

const isGiven = (value: string | undefined): string | undefined =>
  value?.trim() ? undefined : "Something must stand here.";

/** @param option how scripts say it */
export async function askText(
  { canAsk }: Context,
  { message, initial, option }: { message: string; initial?: string; option: string },
): Promise<string> {
  if (!canAsk) throw cannotAsk(message, `Say it with ${option}.`);
  const { text } = await prompts();
  const answer = await text({
    message,
    validate: isGiven,
    output: process.stderr,
    ...(initial !== undefined && { initialValue: initial }),
  });
  return answered<string>(answer).trim();
}

export async function askSecret(
  { canAsk }: Context,
  { message, option }: { message: string; option: string },
): Promise<string> {
  if (!canAsk) throw cannotAsk(message, `Say it with ${option}.`);
  const { password } = await prompts();
  return answered<string>(await password({ message, validate: isGiven, output: process.stderr }));
}

/** Goes on only with a yes. @throws Failure cancelled, or usage where nobody can be asked */
export async function agree({ canAsk, settings }: Context, message: string): Promise<void> {
  if (settings.yes) return;
  if (!canAsk) throw usageFailure("This wants a yes, and nobody can be asked for it here.", "Say it with --yes.");
  const { confirm } = await prompts();
  if (!answered<boolean>(await confirm({ message, initialValue: false, output: process.stderr })))
    throw new Failure(exits.cancelled, "Nothing was done.");
}

/** For what cannot be undone: the name has to be typed, or said with --confirm; --yes is not enough. */
export async function agreeByName(
  { canAsk }: Context,
  { message, name, confirmed }: { message: string; name: string; confirmed: string | undefined },
): Promise<void> {
  if (confirmed === name) return;
  if (confirmed !== undefined) throw usageFailure(`--confirm says ${confirmed}, and its name is ${name}.`);
  if (!canAsk) throw usageFailure("This cannot be undone.", `Confirm it with --confirm ${JSON.stringify(name)}.`);
  const { text } = await prompts();
  const typed = answered<string>(
    await text({ message: `${message} Type ${name} to go ahead.`, output: process.stderr }),
  );
  if (typed !== name) throw new Failure(exits.cancelled, "That is another name. Nothing was done.");
}
