/** `./scripts/uninstall`: takes one installation off this machine. Worlds and accounts stay unless `--purge` is said. */
import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { ConfigError } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { readConfig } from "@playspawn/node-agent/config.ts";
import { clearNode, removeContainers } from "@playspawn/node-agent/runtime/docker-clear.ts";
import { environment, startConfig, type StartConfig } from "../config.ts";
import { gather, type Facts } from "../doctor/facts.ts";
import { repository } from "../lib/paths.ts";
import { agreed, say } from "../lib/terminal.ts";
import { Halt } from "../up/halt.ts";
import { readSettings, removeServices } from "../up/systemd.ts";

export async function uninstall(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { yes: { type: "boolean", short: "y", default: false }, purge: { type: "boolean", default: false } },
  });
  if (process.getuid?.() !== 0)
    throw new Halt(77, "Networks and packet filters are root's to remove. Run: sudo ./scripts/uninstall");
  const config = startConfig({ ...(await readSettings()), ...environment() });
  const facts = await gather(config, systemPorts.clock.now());
  if (!facts.isInstalled)
    throw new Halt(69, `There is no installation in ${config.dataDir}. Name its folder with PLAYSPAWN_DATA_DIR.`);
  if (!(await agreed(question(config, facts, values.purge), values))) throw new Halt(1, "Nothing was removed.");
  await removeServices(config.dataDir, values);
  await refuseRunning(config);
  await clear(config, facts);
  if (values.purge) await rm(config.dataDir, { recursive: true, force: true });
  say(
    values.purge
      ? `It is gone, with all that was in ${config.dataDir}.`
      : `It is gone. Its data stays in ${config.dataDir}.`,
  );
  say("Images of games stay until docker image prune -a; what was set for Docker itself stays, too.");
  return 0;
}

function question({ dataDir }: StartConfig, { engine }: Facts, purge: boolean): string {
  const games = "unseen" in engine ? [] : engine.containers.filter(({ role, running }) => role === "game" && running);
  const data = purge ? " and EVERYTHING in that folder, worlds included" : "";
  return `Stop ${games.length} running games and remove the installation of ${dataDir} from this machine${data}?`;
}

/** What would make all of it again. */
async function refuseRunning(config: StartConfig): Promise<void> {
  const { programs } = await gather(config, systemPorts.clock.now());
  if (programs.length === 0) return;
  const names = programs.map(({ name, pid }) => `${name} (process ${pid})`).join(", ");
  throw new Halt(
    1,
    `These still run: ${names}. End ./scripts/start with Ctrl-C, or docker compose down, and try again.`,
  );
}

async function clear(config: StartConfig, { identity }: Facts): Promise<void> {
  // It has never joined: nothing was made.
  if ("unseen" in identity) return;
  const { dockerHost, portRange } = agentConfig(config);
  await removeContainers(dockerHost, identity, systemPorts);
  await clearNode({ dockerHost, portRange }, identity, systemPorts);
}

/** @throws Halt with the sentences of what is wrong */
function agentConfig({ environment: settings, dataDir }: StartConfig): ReturnType<typeof readConfig> {
  try {
    return readConfig(repository, { ...settings, PLAYSPAWN_DATA_DIR: dataDir });
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new Halt(78, cause.faults.join("\n"), { cause });
  }
}
