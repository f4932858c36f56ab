/** Playspawn as it was: the programs of an earlier commit, with the packages of this checkout. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";
import { repository } from "./processes.ts";

const exec = promisify(execFile);
const ours = "@playspawn";

/**
 * Answers the folder, which goes with the test. Where the clone is shallow the oldest commit that it has stands in, and
 * the test's log says so.
 */
export async function earlier(t: ExecutionContext, commit: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-earlier-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const known = await git(["rev-parse", "--verify", "--quiet", `${commit}^{commit}`]).catch(() => "");
  const from = known || (await git(["rev-list", "--max-parents=0", "HEAD"])).split("\n")[0]!;
  if (!known) t.log(`the history does not reach back to ${commit}: from ${from}`);
  const tar = join(folder, "earlier.tar");
  await git(["archive", "--format=tar", `--output=${tar}`, from]);
  await exec("tar", ["-xf", tar, "-C", folder]);
  await linkPackages(folder);
  return folder;
}

/** The checkout may belong to whoever cloned it, while tests run as root. */
const git = async (args: string[]): Promise<string> =>
  (await exec("git", ["-c", "safe.directory=*", "-C", repository, ...args])).stdout.trim();

/** All that is installed here, but for our own packages, which are those of the earlier checkout. */
async function linkPackages(folder: string): Promise<void> {
  const installed = join(repository, "node_modules");
  const packages = join(folder, "node_modules");
  await mkdir(join(packages, ours), { recursive: true });
  for (const name of await readdir(installed))
    if (name !== ours) await symlink(join(installed, name), join(packages, name));
  for (const name of ["shared", "control-plane", "node-agent"])
    await symlink(join(folder, name), join(packages, ours, name));
}
