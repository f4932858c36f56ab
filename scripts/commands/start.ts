/** `./scripts/start`: everything from a bare machine to one link, then watching over the programs until told to stop. */
import { messageOf } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { environment, startConfig, type StartConfig, withoutSecrets } from "../config.ts";
import { interrupted } from "../lib/interrupted.ts";
import { say, warn } from "../lib/terminal.ts";
import { ensureDashboard } from "../up/dashboard.ts";
import { demoAdmin, deployDemo, type Admin } from "../up/demo.ts";
import { ensureDocker, ensureDockerCli, ensureLiveRestore } from "../up/docker.ts";
import { ensureConfig } from "../up/ensure-config.ts";
import { endLeftovers, forget, remember } from "../up/leftovers.ts";
import { Halt } from "../up/halt.ts";
import { lockDataFolder } from "../up/lock.ts";
import { startOptions, type StartOptions } from "../up/options.ts";
import { ensurePackages } from "../up/packages.ts";
import { ensureDataFolder, ensurePorts } from "../up/preflight.ts";
import { launchProgram, trimLogs, type ProgramName } from "../up/program.ts";
import {
  installServices,
  readSettings,
  sayInstalled,
  sayNode,
  servicesRun,
  systemdRuns,
  hasOwnNode,
} from "../up/systemd.ts";
import { supervise, type GivenUp, type Ready, type Supervisor } from "../up/supervise.ts";

const trimEveryMs = 30_000;
/** What the agent calls: a static busybox for the holders, `ip` and `bridge` for their network, nftables for the way past the door. */
const agentPackages = ["busybox-static", "iproute2", "iptables", "nftables", "ca-certificates"];
/** The agent and the door first, while the control plane can still take in their last words. */
const stopOrder: ProgramName[][] = [["node-agent", "door"], ["control-plane"]];

export async function start(args: string[]): Promise<number> {
  const options = startOptions(args);
  // Services keep their settings; what is set now comes on top.
  const config = startConfig(options.systemd ? { ...(await readSettings()), ...environment() } : environment());
  ensureConfig(config, options);
  if (options.systemd && !(await systemdRuns()))
    throw new Halt(69, "No systemd runs on this machine. Start without --systemd, or use docker compose.");
  // Another installation beside them is meant where it is given a folder of its own.
  if (!options.systemd && !environment()["PLAYSPAWN_DATA_DIR"] && (await servicesRun()))
    throw new Halt(
      69,
      "Playspawn runs on this machine already, as services: see systemctl status 'playspawn-*'. Change it with ./scripts/start --systemd; an installation beside it needs a PLAYSPAWN_DATA_DIR, ports, a range and a subnet of its own.",
    );
  await ensureDataFolder(config.dataDir);
  const unlock = await lockDataFolder(config.dataDir);
  try {
    await prepare(config, options);
    if (options.systemd) return await installAndSay(config, options);
    return await runUntil(interrupted(), config, options);
  } finally {
    unlock();
  }
}

async function prepare(config: StartConfig, options: StartOptions): Promise<void> {
  const { timers } = systemPorts;
  await endLeftovers(config.dataDir, timers);
  if (!(options.systemd && (await servicesRun())))
    await ensurePorts(options.node ? { ...config, port: 0, webPort: 0 } : config);
  await ensurePackages(agentPackages, "The node agent needs a few small packages.", options);
  const engine = await ensureDocker({ ...options, dockerHost: config.dockerHost, timers });
  if (engine.started) say("No systemd runs here, so dockerd was started directly; it stays when Playspawn stops.");
  if (!engine.liveRestore && !options.keepDockerConfig)
    await ensureLiveRestore({ ...options, dockerHost: config.dockerHost, timers });
  if (!options.node) await ensureDashboard();
}

async function installAndSay(config: StartConfig, options: StartOptions): Promise<number> {
  sayInstalled(await installServices(config, options, systemPorts), config);
  return 0;
}

async function runUntil(told: Promise<"interrupted">, config: StartConfig, options: StartOptions): Promise<number> {
  const supervisor = supervise<ProgramName>({ ports: systemPorts, say: warn });
  const stopTrimming = systemPorts.timers.every(trimEveryMs, () => void keepBooks(config, supervisor));
  try {
    const end = await Promise.race([told, supervisor.givenUp, bringUp(supervisor, config, options)]);
    const why = end === "up" ? await Promise.race([told, supervisor.givenUp]) : end;
    if (why === "interrupted") say("\nStopping. Game servers keep running; ./scripts/start finds them again.");
    else warn(why.sentence);
    return why === "interrupted" ? 0 : why.configuration ? 78 : 1;
  } finally {
    stopTrimming();
    await supervisor.stop(stopOrder);
    await forget(config.dataDir);
  }
}

async function bringUp(
  supervisor: Supervisor<ProgramName>,
  config: StartConfig,
  options: StartOptions,
): Promise<"up" | GivenUp> {
  const handedOn = {
    ...config.environment,
    PLAYSPAWN_DATA_DIR: config.dataDir,
    PLAYSPAWN_LOCAL_NODE: hasOwnNode(config, options),
  };
  const keep = (name: ProgramName, onReady?: (ready: Ready) => void): Promise<Ready | GivenUp> =>
    supervisor.start({
      name,
      launch: () => {
        const environment = name === "control-plane" ? handedOn : withoutSecrets(handedOn);
        const child = launchProgram(name, {
          dataDir: config.dataDir,
          environment,
          verbose: options.verbose,
          say: warn,
        });
        // Once the supervisor has taken the child in.
        void Promise.resolve().then(() => keepBooks(config, supervisor));
        return child;
      },
      ...(onReady && { onReady }),
    });
  let link: string | null | undefined;
  const sayNewLink = ({ setupUrl }: Ready): void => {
    if (link !== undefined && setupUrl && setupUrl !== link) saySetup(setupUrl);
    link = setupUrl;
  };
  const first = options.node ? undefined : await keep("control-plane", sayNewLink);
  if (first && !("t" in first)) return first;
  // One after the other: the door is up once the agent has told it its ports, and must not be blamed for an agent that is not.
  const agent = await keep("node-agent");
  if (!("t" in agent)) return agent;
  const door = await keep("door");
  if (!("t" in door)) return door;
  const admin = first && options.demo ? await demo(first, config, options) : undefined;
  if (admin) say(`Sign in as ${admin.email} with the password ${admin.password}`);
  sayUp(first && admin ? { ...first, setupUrl: null } : first, config, agent);
  return "up";
}

/** A demo that fails is told; the rest of the house stands. Answers the account that was made for it. */
async function demo({ setupUrl }: Ready, config: StartConfig, options: StartOptions): Promise<Admin | undefined> {
  let admin: Admin | undefined;
  try {
    await ensureDockerCli(options);
    admin = await demoAdmin(config, setupUrl, systemPorts);
    await deployDemo(config.controlUrl, admin, config.environment.NODE_EXTRA_CA_CERTS);
  } catch (error) {
    warn(`The demo server was not made: ${messageOf(error)}`);
  }
  return config.admin ? undefined : admin;
}

function sayUp(controlPlane: Ready | undefined, config: StartConfig, agent: Ready): void {
  say(`\nPlayspawn runs. Logs are in ${config.dataDir}/logs; Ctrl-C stops it, and game servers keep running.`);
  if (!controlPlane) sayNode(config, agent.linked);
  else if (controlPlane.setupUrl) saySetup(controlPlane.setupUrl);
  else say(`\nThe dashboard:\n\n  ${controlPlane.url}\n`);
}

const saySetup = (url: string): void =>
  say(`\nSet it up here; the link is good once and for 30 minutes:\n\n  ${url}\n`);

async function keepBooks(config: StartConfig, supervisor: Supervisor<ProgramName>): Promise<void> {
  try {
    await remember(config.dataDir, supervisor.pids());
    await trimLogs(config.dataDir);
  } catch (error) {
    warn(`could not keep the books in ${config.dataDir}: ${messageOf(error)}`);
  }
}
