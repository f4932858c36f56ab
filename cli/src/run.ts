/** One run of the program: from arguments to an exit code. */
import { CommanderError } from "commander";
import type { Surroundings } from "./context.ts";
import { exits, type ExitCode } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { tell } from "./output/tell.ts";
import { createProgram } from "./program.ts";

/** Whatever happens ends as an exit code, and every bad end but Ctrl-C with a sentence. */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { io, signal } = surroundings;
  try {
    if (args[0] === "--complete") return await offer(args.slice(1), surroundings);
    const program = createProgram(surroundings);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
    return exits.ok;
  } catch (error) {
    if (signal.aborted) return exits.interrupted;
    if (error instanceof CommanderError && error.exitCode === 0) return exits.ok;
    // A group without a command has shown what there is.
    if (error instanceof CommanderError && error.code === "commander.help") return exits.usage;
    const failure = failureFrom(error);
    tell(io, failure, { json: args.includes("--json") });
    return failure.exitCode;
  }
}

/** What a shell asks when somebody presses Tab. */
async function offer(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { complete } = await import("./complete.ts");
  surroundings.io.out.write(await complete(words, surroundings));
  return exits.ok;
}

function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) return new Failure(exits.usage, sentenceOf(error.message), { cause: error });
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new Failure(exits.failure, "This is a fault of the playspawn command itself.", {
    hints: ["Please report it with these lines:", text],
    cause: error,
  });
}

/** `error: unknown option '--jso'\n(Did you mean --json?)` as sentences. */
function sentenceOf(message: string): string {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const text = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  return [text.endsWith(".") ? text : `${text}.`, ...rest.map((line) => line.replace(/^\((.*)\)$/, "$1"))].join(" ");
}
