/** The tree of commands as commander knows it. */
import { Command, Option } from "commander";
import { createContext, type HelpOf, type Settings, type Surroundings } from "./context.ts";
import { commands } from "./commands/commands.ts";
import type { CommandSpec, GroupSpec, OptionSpec } from "./spec.ts";

export const version = "0.1.0";

export function createProgram(surroundings: Surroundings): Command {
  const program = new Command("playspawn")
    .description("Game servers that sleep when nobody plays.")
    .version(version, "-V, --version", "tell the version")
    .option("--url <url>", "the Playspawn to talk to (PLAYSPAWN_URL)")
    .option("--token-file <file>", "its token, - for standard input (PLAYSPAWN_TOKEN, PLAYSPAWN_TOKEN_FILE)")
    .option("--json", "answer in JSON, as the API does")
    .option("-q, --quiet", "no words about it; lists are ids")
    .option("-y, --yes", "yes to what would be asked")
    .option("--no-input", "ask nothing")
    .option("--no-color", "no colours (NO_COLOR)")
    .helpOption("-h, --help", "show help")
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false });
  settle(program, surroundings);
  program.helpCommand(false);
  for (const spec of commands) {
    if ("commands" in spec) addGroup(program, spec, surroundings);
    else addCommand(program, spec, surroundings);
  }
  return program;
}

/** Errors and help go to where the caller says, and end nothing by themselves. */
function settle(command: Command, { io }: Surroundings): Command {
  return command
    .exitOverride()
    .showHelpAfterError(false)
    .configureOutput({
      writeOut: (text) => io.out.write(text),
      writeErr: (text) => io.err.write(text),
      // run.ts tells it, in words or as JSON.
      outputError: () => {},
      getOutHelpWidth: () => io.out.width ?? 100,
      getErrHelpWidth: () => io.err.width ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}

function addGroup(program: Command, { name, text, commands: members }: GroupSpec, surroundings: Surroundings): void {
  const group = settle(new Command(name).description(text).helpOption("-h, --help", "show help"), surroundings);
  group.helpCommand(false).copyInheritedSettings(program);
  for (const spec of members) addCommand(group, spec, surroundings);
  program.addCommand(group);
}

function addCommand(parent: Command, spec: CommandSpec, surroundings: Surroundings): void {
  const command = settle(parent.command(spec.name), surroundings)
    .description(spec.text)
    .helpOption("-h, --help", "show help")
    .addHelpText("before", () => `${spec.examples.map((example) => `  playspawn ${example}`).join("\n")}\n`);
  if (spec.alias) command.alias(spec.alias);
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  command.action(async () => {
    const action = await spec.load();
    const settings = command.optsWithGlobals<Settings>();
    await action(
      createContext(surroundings, settings, helpIn(rootOf(command))),
      command.processedArgs as string[],
      command.opts() as never,
    );
  });
}

function optionOf({ flags, text, many, default: otherwise, choices }: OptionSpec): Option {
  const option = new Option(flags, text);
  if (many) option.argParser((value: string, list: string[] | undefined) => [...(list ?? []), value]);
  if (choices) option.choices(choices);
  if (otherwise !== undefined) option.default(otherwise);
  return option;
}

const rootOf = (command: Command): Command => (command.parent ? rootOf(command.parent) : command);

const helpIn =
  (root: Command): HelpOf =>
  (words) => {
    let command: Command | undefined = root;
    for (const word of words)
      command = command?.commands.find((each) => each.name() === word || each.aliases().includes(word));
    return command ? fullHelp(command) : null;
  };

/** With what stands before it, which `helpInformation` leaves out. */
function fullHelp(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}
