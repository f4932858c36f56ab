#!/usr/bin/env node
/** The entry of the command line. */
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { readEnvironment } from "./config.ts";
import { exits } from "./exit-codes.ts";
import { systemIo } from "./output/io.ts";
import { run } from "./run.ts";

const args = process.argv.slice(2);
const interrupt = new AbortController();
// At once: what the control plane was asked to do goes on without us.
process.once("SIGINT", () => {
  interrupt.abort();
  if (process.stderr.isTTY) process.stderr.write("\n");
  process.exit(exits.interrupted);
});
// `playspawn server list | head -1` has read enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(exits.ok);
  throw error;
});

process.exitCode = await run(args, {
  io: systemIo({ colour: !args.includes("--no-color") }),
  env: readEnvironment(),
  ports: systemPorts,
  signal: interrupt.signal,
});
