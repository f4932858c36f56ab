/** The one entry of everything that people run: `node scripts/main.ts <command>`. */
import { bench } from "./commands/bench.ts";
import { check } from "./commands/check.ts";
import { doctor } from "./commands/doctor.ts";
import { gen } from "./commands/gen.ts";
import { start } from "./commands/start.ts";
import { test } from "./commands/test.ts";
import { Halt } from "./up/halt.ts";

const commands: Record<string, (args: string[]) => Promise<number>> = { start, test, check, gen, bench, doctor };

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (!command) {
  console.error(`playspawn: there is no command ${name || "(none)"}; known: ${Object.keys(commands).join(", ")}`);
  process.exit(64);
}
try {
  process.exit(await command(args));
} catch (error) {
  if (!(error instanceof Halt)) throw error;
  console.error(`playspawn: ${error.message}`);
  process.exit(error.exitCode);
}
