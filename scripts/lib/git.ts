/** Asks git about a checkout that may belong to somebody else: start and test run as root, people clone as themselves. */
import { run, type Ran } from "./run.ts";

export const git = (root: string, args: readonly string[]): Promise<Ran> =>
  run("git", ["-c", `safe.directory=${root}`, ...args], { cwd: root });
