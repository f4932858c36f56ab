/** Debian packages: which are missing, and installing them. */
import { environment } from "../config.ts";
import { run } from "../lib/run.ts";
import { agreed, say } from "../lib/terminal.ts";
import { Halt } from "./halt.ts";

const installMs = 15 * 60_000;

export async function missingPackages(names: readonly string[]): Promise<string[]> {
  const asked = await run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names]);
  const present = new Set(
    asked.stdout
      .split("\n")
      .flatMap((line) => (line.endsWith(" installed") ? [line.slice(0, -" installed".length)] : [])),
  );
  return names.filter((name) => !present.has(name));
}

/**
 * Installs what is missing of `names`, after asking.
 * @throws Halt when the person says no or apt-get fails
 */
export async function ensurePackages(names: readonly string[], why: string, options: { yes: boolean }): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const list = missing.join(" ");
  if ((await run("apt-get", ["--version"])).code !== 0)
    throw new Halt(69, `${why} These are missing: ${list}. This is not Debian or Ubuntu, so install them by hand.`);
  if (!(await agreed(`${why} Install ${list} with apt-get?`, options)))
    throw new Halt(69, `Nothing was installed. ${why} Install ${list} yourself, then start again.`);
  say(`Installing ${list} with apt-get.`);
  const env = { ...environment(), DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  let ran = await run("apt-get", install, { env, limitMs: installMs });
  if (ran.code !== 0) {
    // The lists of a fresh machine are empty, those of an old one name packages that are gone.
    await run("apt-get", ["update"], { env, limitMs: installMs });
    ran = await run("apt-get", install, { env, limitMs: installMs });
  }
  if (ran.code !== 0)
    throw new Halt(
      69,
      `apt-get could not install ${list}: ${(ran.stderr || ran.stdout).trim().split("\n").slice(-5).join(" ")}`,
    );
}
