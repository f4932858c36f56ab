/** `npm run bench` lists the measurements; `npm run -s bench -- <name>` takes one and prints a JSON object per line. */
import { environment } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { runVisibly } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";
import { Halt } from "../up/halt.ts";

const benches: Record<string, { file: string; says: string }> = {
  footprint: { file: "bench/footprint.ts", says: "what sleepers cost, against the same servers left running" },
  wake: { file: "bench/wake.ts", says: "how long a player waits for a sleeping server, against a plain docker start" },
};

const limitMs = 60 * 60_000;

export async function bench([name, ...args]: string[]): Promise<number> {
  if (name === undefined) {
    for (const [known, { says }] of Object.entries(benches)) say(`${known}  ${says}`);
    return 0;
  }
  const chosen = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (!chosen) throw new Halt(64, `There is no bench ${name}; known: ${Object.keys(benches).join(", ")}.`);
  const options = { cwd: repository, env: environment(), limitMs };
  return runVisibly(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", `${repository}/${chosen.file}`, ...args],
    options,
  );
}
