/** Playspawn as services of systemd: units from deploy/systemd, settings in one file, each program for itself. */
import { access, chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import type { Ports } from "@playspawn/shared";
import type { StartConfig } from "../config.ts";
import { repository } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import { say } from "../lib/terminal.ts";
import { Halt } from "./halt.ts";

const controlPlane = "playspawn-control-plane";
const agent = "playspawn-agent";
const door = "playspawn-door";

const unitFolder = "/etc/systemd/system";
const unitPath = (name: string): string => `${unitFolder}/${name}.service`;
const settingsFolder = "/etc/playspawn";
const settingsPath = `${settingsFolder}/playspawn.env`;
/** Whom the control plane runs as. */
const user = "playspawn";
const upLimitMs = 60_000;
const lookAgainMs = 250;

export const systemdRuns = (): Promise<boolean> =>
  access("/run/systemd/system").then(
    () => true,
    () => false,
  );

/** Whether services of an earlier call hold the ports that a start wants. */
export const servicesRun = async (): Promise<boolean> => (await run("systemctl", ["is-active", agent])).code === 0;

/** What stands in a unit as `@root@`: the checkout, its Node, the data folder, `1` beside a control plane of its own. */
type Place = "root" | "node" | "data" | "local";

/** The text of a unit with its places filled in. */
export function fillUnit(text: string, places: Readonly<Record<Place, string>>): string {
  for (const [name, value] of Object.entries(places))
    if (!/^[\w./:+@-]+$/.test(value))
      throw new Halt(73, `A unit takes no blanks and few signs, and ${name} would be ${value}: use another.`);
  return text.replaceAll(/@(root|node|data|local)@/g, (_text, place: Place) => places[place]);
}

/** `PLAYSPAWN_LOCAL_NODE` of both programs: whether control plane and agent of this machine belong together. */
export const hasOwnNode = ({ environment }: StartConfig, { node }: { node: boolean }): string =>
  node ? "0" : (environment["PLAYSPAWN_LOCAL_NODE"] ?? "1");

const settings = ["DATABASE_URL", "NODE_URL", "NODE_SECRET", "DOCKER_HOST", "LOG_FORMAT", "NODE_EXTRA_CA_CERTS"];
/** Of the command line, and of tests: nobody's services. */
const notOurs = /^PLAYSPAWN_(URL|TOKEN(_FILE)?|TEST_\w+|FAILPOINT)$/;

const isSetting = (name: string): boolean =>
  (name.startsWith("PLAYSPAWN_") && !notOurs.test(name)) || settings.includes(name.replace(/_FILE$/, ""));

/** The settings file after a start with `environment`: what it sets replaces the lines of before, the others stay. */
export function mergeSettings(before: string, environment: NodeJS.ProcessEnv): string {
  const given = Object.entries(environment).filter(([name, value]) => isSetting(name) && value);
  const names = new Set(given.map(([name]) => name));
  const kept = before.split("\n").filter((line) => line !== "" && !names.has(line.split("=", 1)[0]!));
  return `${[...kept, ...given.map(([name, value]) => `${name}=${quote(name, value!)}`)].join("\n")}\n`;
}

/** What an earlier call wrote; nothing where there was none. */
export async function readSettings(): Promise<NodeJS.ProcessEnv> {
  return parseSettings(await readFile(settingsPath, "utf8").catch(() => ""));
}

export function parseSettings(text: string): NodeJS.ProcessEnv {
  const lines = text.split("\n").map((line) => /^(\w+)=(?:"(.*)"|(.*))$/.exec(line.trim()));
  return Object.fromEntries(
    lines.flatMap((found) =>
      found ? [[found[1]!, found[2] === undefined ? found[3]! : found[2].replaceAll(/\\(.)/g, "$1")]] : [],
    ),
  );
}

/** As systemd reads it in an EnvironmentFile. */
function quote(name: string, value: string): string {
  if (/[\r\n]/.test(value)) throw new Halt(78, `${name} has more than one line, which a settings file cannot hold.`);
  return /^[\w./:@%+,-]*$/.test(value) ? value : `"${value.replaceAll(/["\\$`]/g, "\\$&")}"`;
}

interface Installed {
  /** What to open: the set-up link, or the dashboard; undefined on a machine that is only a node. */
  url: string | undefined;
}

/**
 * Writes units and settings, enables the services and starts them. The door is started but never restarted: players
 * play through it.
 * @throws Halt with a sentence when a service does not come up
 */
export async function installServices(
  config: StartConfig,
  options: { node: boolean },
  ports: Ports,
): Promise<Installed> {
  const begin = ports.clock.now();
  if (!options.node) await giveToUser(config.dataDir);
  // The units name it, so it must be there before they start.
  await mkdir(`${config.dataDir}/agent`, { recursive: true, mode: 0o700 });
  await mkdir(settingsFolder, { recursive: true, mode: 0o755 });
  const before = await readFile(settingsPath, "utf8").catch(() => "");
  await writeWhole(settingsPath, mergeSettings(before, config.environment), 0o600);
  const services = options.node ? [agent, door] : [controlPlane, agent, door];
  const local = hasOwnNode(config, options);
  const places = { root: repository, node: process.execPath, data: config.dataDir, local };
  for (const name of services) {
    const text = await readFile(`${repository}/deploy/systemd/${name}.service`, "utf8");
    await writeWhole(unitPath(name), fillUnit(text, places), 0o644);
  }
  await systemctl("daemon-reload");
  await systemctl("enable", "--quiet", ...services);
  await systemctl("restart", ...services.filter((name) => name !== door));
  await systemctl("start", door);
  const since = `@${Math.floor(begin / 1000)}`;
  if (options.node) return { url: undefined };
  await untilItAnswers(config, ports);
  const journal = await run("journalctl", ["-u", controlPlane, "-o", "cat", "--since", since]);
  return { url: /^Set up this installation at (\S+)$/m.exec(journal.stdout)?.[1] ?? `${config.controlUrl}/` };
}

/**
 * Ends the services of this data folder and takes their units away; with `purge` their settings and their user, too.
 * Nothing where there are none, or those of another folder.
 */
export async function removeServices(dataDir: string, { purge }: { purge: boolean }): Promise<void> {
  const all = [door, agent, controlPlane];
  const texts = await Promise.all(all.map((name) => readFile(unitPath(name), "utf8").catch(() => "")));
  const services = all.filter((_name, i) =>
    texts[i]!.split("\n").includes(`Environment=PLAYSPAWN_DATA_DIR=${dataDir}`),
  );
  if (services.length === 0) return;
  await systemctl("disable", "--quiet", "--now", ...services);
  for (const name of services) await rm(unitPath(name), { force: true });
  await systemctl("daemon-reload");
  if (!purge) return;
  await rm(settingsFolder, { recursive: true, force: true });
  if ((await run("id", ["-u", user])).code === 0) await must("userdel", [user]);
}

/** The control plane's part of the data folder belongs to a user who may do nothing else. */
async function giveToUser(dataDir: string): Promise<void> {
  if ((await run("id", ["-u", user])).code !== 0)
    await must("useradd", [
      "--system",
      "--no-create-home",
      "--home-dir",
      dataDir,
      "--shell",
      "/usr/sbin/nologin",
      user,
    ]);
  const folders = ["control-plane", "run"].map((name) => `${dataDir}/${name}`);
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  // To pass through and not to look into: what is inside keeps its own rights.
  await chmod(dataDir, 0o711);
  await must("chown", ["-R", `${user}:${user}`, ...folders]);
  for (const path of [`${repository}/package.json`, ...folders])
    if ((await run("runuser", ["-u", user, "--", "test", "-r", path])).code !== 0)
      throw new Halt(
        73,
        `The service's user ${user} cannot read ${path}. Put the checkout where everybody may read it, such as /opt/playspawn, and PLAYSPAWN_DATA_DIR to a folder such as /var/lib/playspawn.`,
      );
}

async function untilItAnswers({ controlUrl }: StartConfig, { clock, timers }: Ports): Promise<void> {
  const end = clock.mono() + upLimitMs;
  while (clock.mono() < end) {
    const answer = await fetch(`${controlUrl}/livez`).catch(() => undefined);
    if (answer?.ok) return;
    if ((await run("systemctl", ["is-failed", controlPlane])).code === 0) break;
    await timers.sleep(lookAgainMs);
  }
  const { stdout } = await run("journalctl", ["-u", controlPlane, "-o", "cat", "-n", "10"]);
  const words = stdout.split("\n").filter((line) => line && !line.startsWith("{"));
  throw new Halt(1, `${controlPlane} did not come up. Its last words: ${words.join(" ").slice(-1000) || "none"}`);
}

const systemctl = (...args: string[]): Promise<void> => must("systemctl", args);

async function must(program: string, args: string[]): Promise<void> {
  const ran = await run(program, args);
  if (ran.code !== 0)
    throw new Halt(1, `${program} ${args.join(" ")} failed: ${(ran.stderr || ran.stdout).trim().slice(-500)}`);
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}

/** What a machine without a control plane is part of, or is to be. */
export const sayNode = ({ isDriven, controlUrl, agentPort }: StartConfig, linked = false): void =>
  say(
    isDriven
      ? `\nThis machine waits to be driven: its agent listens on port ${agentPort}. Name it to a control plane with NODE_URL and NODE_SECRET.\n`
      : linked
        ? `\nThis machine is a node of ${controlUrl}; the dashboard there shows it under Nodes.\n`
        : `\nThis machine is to be a node of ${controlUrl}: the dashboard there shows it under Nodes once they are connected.\n`,
  );

export function sayInstalled({ url }: Installed, config: StartConfig): void {
  say(`\nPlayspawn runs as services and starts with this machine. Settings are in ${settingsPath}.`);
  say(`  systemctl status 'playspawn-*'      journalctl -u ${url === undefined ? agent : controlPlane} -f`);
  if (url === undefined) sayNode(config);
  else if (url.includes("/setup#")) say(`\nSet it up here; the link is good once and for 30 minutes:\n\n  ${url}\n`);
  else say(`\nThe dashboard:\n\n  ${url}\n`);
}
