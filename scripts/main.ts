/** The one entry of everything that people run: `node scripts/main.ts <command>`. */
import { backup } from "./commands/backup.ts";
import { bench } from "./commands/bench.ts";
import { check } from "./commands/check.ts";
import { doctor } from "./commands/doctor.ts";
import { gen } from "./commands/gen.ts";
import { start } from "./commands/start.ts";
import { test } from "./commands/test.ts";
import { uninstall } from "./commands/uninstall.ts";
import { vm } from "./commands/vm.ts";
import { hasTools } from "./lib/paths.ts";
import { Halt } from "./up/halt.ts";

const commands: Record<string, (args: string[]) => Promise<number>> = {
  start,
  test,
  check,
  gen,
  bench,
  doctor,
  backup,
  vm,
  uninstall,
};

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) {
  console.error(`playspawn: there is no command ${name || "(none)"}; known: ${Object.keys(commands).join(", ")}`);
  process.exit(64);
}
try {
  // A bench is named by an argument; without one they are listed.
  const needsTools = ["check", "gen"].includes(name) || (name === "bench" && args.length > 0);
  if (needsTools && !hasTools())
    throw new Halt(69, "The developer's tools are not installed. Run: sudo ./scripts/test --only check");
  process.exit(await command(args));
} catch (error) {
  const unknownArgument = (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof Halt) && !unknownArgument) throw error;
  for (const line of (error as Error).message.split("\n")) console.error(`playspawn: ${line}`);
  process.exit(error instanceof Halt ? error.exitCode : 64);
}
