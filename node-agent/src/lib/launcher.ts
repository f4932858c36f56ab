/** The program that started this one and waits to hear that it is ready. */
import { flushCompileCache } from "node:module";

/** Says `sentence` to whoever runs this: in the launcher's terminal, or else as a plain line beside the log. */
export function tellOperator(sentence: string): void {
  if (process.send) tellLauncher({ t: "said", sentence });
  else process.stderr.write(`${sentence}\n`);
}

/** Says `message` to the launcher; nothing when it is gone or there never was one. */
export function tellLauncher(message: object): void {
  // Where it is kept at all: also for the start after one that is killed.
  flushCompileCache();
  // With a callback a channel that closes meanwhile is an answer; without one it would be an unhandled error.
  process.send?.(message, undefined, undefined, () => {});
}
