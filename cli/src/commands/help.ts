/** help: of a command, or of a topic. */
import type { Context } from "../context.ts";
import { exitMeanings } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { facts } from "../output/table.ts";
import { createProgram } from "../program.ts";

export async function help(context: Context, [topic]: string[]): Promise<void> {
  const words = (topic ?? []) as unknown as string[];
  if (words.join(" ") === "exit-codes") return context.print(exitCodes(context));
  let command = createProgram(context);
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (!next) throw usageFailure(`There is no help with ${words.join(" ")}.`, "See what there is: playspawn help");
    command = next;
  }
  command.outputHelp();
}

const exitCodes = ({ io }: Context): string =>
  facts(
    io.out,
    Object.entries(exitMeanings).map(([code, meaning]) => [code, meaning] as const),
  );
