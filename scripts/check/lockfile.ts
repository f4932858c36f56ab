/** Would `npm ci` take the lockfile? */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { run } from "../lib/run.ts";
import { toolFailed, type Check } from "./check.ts";

const dryRun = ["ci", "--dry-run", "--ignore-scripts", "--no-audit", "--loglevel=error"];

/**
 * Asked in a copy that has no packages: a dry run of npm before 10.5, and Debian's is, empties node_modules all the same
 * (npm/cli#7239). `npm ls --package-lock-only` only reads, but does not miss optional packages, such as binaries for
 * another platform. `npm` is a parameter for its test alone.
 */
export const lockfile = (npm = "npm"): Check => ({
  name: "lockfile",
  async run(root) {
    const copy = await mkdtemp(`${tmpdir()}/playspawn-lockfile-`);
    try {
      const files = ["package-lock.json", ...(await manifestsOf(root))];
      await Promise.all(files.map((file) => cp(`${root}/${file}`, `${copy}/${file}`)));
      const ran = await run(npm, dryRun, { cwd: copy });
      return ran.code === 0 ? [] : [toolFailed("lockfile", ran)];
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  },
});

/** Paths of the package.json of a checkout and of each of its workspaces. */
export async function manifestsOf(root: string): Promise<string[]> {
  const { workspaces } = JSON.parse(await readFile(`${root}/package.json`, "utf8")) as { workspaces: string[] };
  return ["package.json", ...workspaces.map((folder) => `${folder}/package.json`)];
}
