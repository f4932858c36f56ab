/** Builds the dashboard when its sources are not those of the last build. */
import { createHash } from "node:crypto";
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { environment } from "../config.ts";
import { installed, repository } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";
import { Halt } from "./halt.ts";

const web = `${repository}/web`;
const stampFile = `${web}/dist/.inputs`;
const madeHere = /^(dist|dist-.*|node_modules)$/;

export async function ensureDashboard(): Promise<void> {
  const stamp = await inputsHash();
  if ((await readFile(stampFile, "utf8").catch(() => "")) === stamp) return;
  say("Building the dashboard.");
  // Built beside the present one and put in its place at once: another start may be serving it.
  const fresh = `${web}/dist-${process.pid}`;
  const args = [installed("vite/bin/vite.js"), "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"];
  try {
    const ran = await run(process.execPath, args, {
      cwd: web,
      env: { ...environment(), NODE_ENV: "production", NO_COLOR: "1" },
    });
    if (ran.code !== 0)
      throw new Halt(1, `The dashboard could not be built: ${(ran.stderr || ran.stdout).trim().slice(0, 1500)}`);
    await writeFile(`${fresh}/.inputs`, stamp);
    await rm(`${web}/dist`, { recursive: true, force: true });
    await rename(fresh, `${web}/dist`);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function inputsHash(): Promise<string> {
  const hash = createHash("sha256").update(await readFile(`${repository}/package-lock.json`));
  for (const folder of [web, `${repository}/shared/src`]) {
    for (const file of await filesOf(folder)) hash.update(`\0${file}\0`).update(await readFile(file));
  }
  return hash.digest("hex");
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter(({ name }) => !madeHere.test(name))
      .map((entry) =>
        entry.isDirectory() ? filesOf(`${folder}/${entry.name}`) : Promise.resolve([`${folder}/${entry.name}`]),
      ),
  );
  return nested.flat().sort();
}
