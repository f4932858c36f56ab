/** help: of a command, or of a topic. */
import type { Context } from "../context.ts";
import { exitMeanings } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { facts } from "../output/table.ts";

export async function help(context: Context, [topic]: string[]): Promise<void> {
  const words = (topic ?? []) as unknown as string[];
  if (words.join(" ") === "exit-codes") return context.print(exitCodes(context));
  const text = context.helpOf(words);
  if (text === null)
    throw usageFailure(`There is no help with ${words.join(" ")}.`, "See what there is: playspawn help");
  context.print(text);
}

const exitCodes = ({ io }: Context): string =>
  facts(
    io.out,
    Object.entries(exitMeanings).map(([code, meaning]) => [code, meaning] as const),
  );
