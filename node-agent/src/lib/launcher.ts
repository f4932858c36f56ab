/** The program that started this one and waits to hear that it is ready. */
import { flushCompileCache } from "node:module";

/** Says `message` to the launcher; nothing when it is gone or there never was one. */
export function tellLauncher(message: object): void {
  // Where it is kept at all: also for the start after one that is killed.
  flushCompileCache();
  // With a callback a channel that closes meanwhile is an answer; without one it would be an unhandled error.
  process.send?.(message, undefined, undefined, () => {});
}
