/** Starts the agent and waits for a signal. The only file that ends the process. */
import { join } from "node:path";
import { AppError, ConfigError, messageOf } from "@playspawn/shared";
import { readConfig } from "./config.ts";
import { createContext, type Context } from "./context.ts";
import { exitToRestore } from "@playspawn/shared/node/backup/staged.ts";
import { ListenError } from "./http/http.ts";
import { tellLauncher } from "./lib/launcher.ts";
import { RestoreWaits } from "./restore.ts";

/** A fault of configuration: the launcher prints it and does not start us again. */
const exitMisconfigured = 78;
const stopLimitMs = 5_000;
const repoDir = join(import.meta.dirname, "../..");

async function main(): Promise<void> {
  // Files and folders that servers need to read are opened to them one by one.
  process.umask(0o022);
  const context = await createContext(readConfig(repoDir)).catch(refuse);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(context));
  // The launcher is gone: nobody would restart or stop us.
  if (process.send) process.once("disconnect", () => void stop(context));
  context.failed.catch(refuse);
  const linked = await context.ready.catch(() => false);
  context.log.info("the agent is up");
  tellLauncher({ t: "ready", linked });
}

/** What an operator can mend is said in sentences; anything else is our own mistake and shows its stack. */
function refuse(error: unknown): never {
  if (error instanceof RestoreWaits) {
    process.stderr.write(`${error.message}\n`);
    process.exit(exitToRestore);
  }
  const faults = faultsOf(error);
  process.stderr.write(`${(faults ?? [error instanceof Error ? error.stack : String(error)]).join("\n")}\n`);
  process.exit(faults ? exitMisconfigured : 1);
}

function faultsOf(error: unknown): readonly string[] | undefined {
  if (error instanceof ConfigError) return error.faults;
  if (error instanceof ListenError || error instanceof AppError) return [messageOf(error)];
  return undefined;
}

let stopping = false;

async function stop(context: Context): Promise<void> {
  if (stopping) return;
  stopping = true;
  context.ports.timers.after(stopLimitMs, () => {
    context.log.error("could not stop in order within 5 s");
    process.exit(1);
  });
  await context.close();
  process.exit(0);
}

process.on("unhandledRejection", (error) => {
  process.stderr.write(`The agent broke: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

try {
  await main();
} catch (error) {
  refuse(error);
}
