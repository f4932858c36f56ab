/** Starts the control plane and waits for a signal. The only file that ends the process. */
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { exitToRestore } from "@playspawn/shared/node/backup/staged.ts";
import { readConfig } from "./config.ts";
import { type Context, createContext } from "./context.ts";
import { startFault } from "./start-fault.ts";

/** After the seconds in which it says that it is about to stop. */
const stopLimitMs = 5000;

const repoDir = join(import.meta.dirname, "../..");

async function main(): Promise<void> {
  // Databases, tokens and their copies are for this user's eyes only.
  process.umask(0o077);
  const context = await start();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(context));
  // The launcher is gone: nobody would restart or stop us.
  if (process.send) process.once("disconnect", () => void stop(context));
  void context.lost.then((error) => {
    process.stderr.write(`${error.message}\n`);
    void stop(context, 1);
  });
  void context.restart.then(() => {
    process.stderr.write("A backup is to be restored: the control plane starts again to do it.\n");
    void stop(context, exitToRestore);
  });
  const setupUrl = context.setup.token === null ? null : setupLink(context.publicUrl, context.setup.token);
  context.log.info({ url: context.publicUrl.origin }, "the control plane is up");
  // Where it is kept at all: also for the start after one that is killed.
  flushCompileCache();
  if (process.send) process.send({ t: "ready", url: context.publicUrl.origin, setupUrl });
  else if (setupUrl !== null) process.stdout.write(`Set up this installation at ${setupUrl}\n`);
}

/** In the fragment, so that no server and no Referer ever sees the token. */
const setupLink = (publicUrl: URL, token: string): string => new URL(`/setup#t=${token}`, publicUrl).href;

async function start(): Promise<Context> {
  try {
    return await createContext(readConfig(repoDir));
  } catch (error) {
    const fault = startFault(error);
    if (!fault) throw error;
    process.stderr.write(`${fault.sentences.join("\n")}\n`);
    process.exit(fault.exitCode);
  }
}

let stopping = false;

async function stop(context: Context, code = 0): Promise<void> {
  if (stopping) return;
  stopping = true;
  context.ports.timers.after(context.drainMs + stopLimitMs, () => {
    context.log.error("could not stop in order");
    process.exit(1);
  });
  await context.close();
  process.exit(code);
}

process.on("unhandledRejection", (error) => {
  process.stderr.write(`The control plane broke: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});

await main();
