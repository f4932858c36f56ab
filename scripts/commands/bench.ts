/** `npm run bench` lists the measurements; `npm run -s bench -- <name>` takes one and prints a JSON object per line. */
import { newSecret } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { environment } from "../config.ts";
import { interrupted } from "../lib/interrupted.ts";
import { repository } from "../lib/paths.ts";
import { runVisibly } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";
import { openRunFolder } from "../suite/run-folder.ts";
import { Halt } from "../up/halt.ts";

const benches: Record<string, { file: string; says: string }> = {
  cycle: {
    file: "bench/cycle.ts",
    says: "how many new flows fail while a server sleeps and wakes again and again, against one stopped and started",
  },
  density: {
    file: "bench/density.ts",
    says: "how many more servers a machine holds when idle ones sleep, against all awake and the arithmetic limit",
  },
  footprint: { file: "bench/footprint.ts", says: "what sleepers cost, against the same servers left running" },
  path: {
    file: "bench/path.ts",
    says: "how fast players' packets reach an awake server, against no translation, Docker's own ways and the door's relay",
  },
  pings: {
    file: "bench/pings.ts",
    says: "what 10,000 list pings a second cost a sleeper's door, against the game's own answers",
  },
  sleepers: {
    file: "bench/sleepers.ts",
    says: "what a thousand sleepers cost agent and door, against a proxy for each",
  },
  stats: {
    file: "bench/stats.ts",
    says: "what it costs to sample all running games each second, against streams of the engine",
  },
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
  const folder = await openRunFolder(newSecret(systemPorts.rng).slice(0, 16));
  const options = { cwd: repository, env: { ...environment(), ...folder.environment }, limitMs };
  const program = ["--disable-warning=ExperimentalWarning", `${repository}/${chosen.file}`, ...args];
  const end = await Promise.race([runVisibly(process.execPath, program, options), interrupted()]);
  await folder.remove();
  if (end === "interrupted") throw new Halt(130, "Interrupted. What the bench had made was removed.");
  return end;
}
