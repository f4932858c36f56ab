/** A Docker Engine that answers: found, installed or started; and asked to keep containers over its own restart. */
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import Docker from "dockerode";
import { dockerAddress } from "@playspawn/node-agent/runtime/docker-address.ts";
import { messageOf, type Timers } from "@playspawn/shared";
import { run } from "../lib/run.ts";
import { agreed, say, warn } from "../lib/terminal.ts";
import { Halt } from "./halt.ts";
import { ensurePackages } from "./packages.ts";

const answerMs = 10_000;
const comeUpMs = 60_000;
const daemonLog = "/var/log/playspawn-dockerd.log";

const usualSocket = "/var/run/docker.sock";

/**
 * The engine of an installation, whose settings may stand in a file: left to itself, dockerode looks at the environment.
 * @param dockerHost undefined: the usual socket
 */
export const engineAt = (dockerHost: string | undefined, timeoutMs: number): Docker =>
  new Docker({ ...dockerAddress(dockerHost ?? usualSocket), timeout: timeoutMs });

export interface Engine {
  version: string;
  liveRestore: boolean;
  /** Where it keeps images and containers. */
  rootDir: string;
  /** True when this call started the daemon: where there is no systemd, it stays when we end. */
  started: boolean;
}

/**
 * @param dockerHost `DOCKER_HOST` when it is not the usual socket: such an engine is used, never installed or started
 * @throws Halt with a sentence when no engine can be had
 */
export async function ensureDocker(options: {
  yes: boolean;
  dockerHost: string | undefined;
  timers: Timers;
}): Promise<Engine> {
  const first = await ask(options.dockerHost);
  if (typeof first !== "string") return { ...first, started: false };
  if (options.dockerHost) throw new Halt(69, `Docker does not answer at ${options.dockerHost} (DOCKER_HOST): ${first}`);
  if (!(await has("dockerd")))
    await ensurePackages(["docker.io", ...(await cli())], "Game servers run in Docker containers.", options);
  if (await exists("/run/systemd/system")) {
    await run("systemctl", ["enable", "--now", "docker"]);
    return { ...(await untilItAnswers(options.timers, () => false)), started: false };
  }
  const gaveUp = startDaemon();
  return { ...(await untilItAnswers(options.timers, gaveUp)), started: true };
}

/** The command `docker`, which making images calls. @throws Halt */
export async function ensureDockerCli(options: { yes: boolean }): Promise<void> {
  if (await has("docker")) return;
  const [own] = await cli();
  await ensurePackages([own ?? "docker.io"], "Making base images needs the command docker.", options);
}

/** Newer Debians have the command in a package of its own. */
const cli = async (): Promise<string[]> =>
  (await run("apt-cache", ["show", "docker-cli"])).code === 0 ? ["docker-cli"] : [];

/** The engine's figures, or why there are none. @throws Halt when the socket is denied */
async function ask(dockerHost?: string): Promise<Omit<Engine, "started"> | string> {
  try {
    const info = (await engineAt(dockerHost, answerMs).info()) as {
      ServerVersion: string;
      LiveRestoreEnabled: boolean;
      DockerRootDir: string;
    };
    return { version: info.ServerVersion, liveRestore: info.LiveRestoreEnabled, rootDir: info.DockerRootDir };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EACCES")
      throw new Halt(77, "The Docker socket is denied to this user. Run: sudo ./scripts/start", { cause });
    return messageOf(cause);
  }
}

/** Answers a function that tells whether the daemon has ended. */
function startDaemon(): () => boolean {
  say(`Starting dockerd; its log is ${daemonLog}.`);
  const log = openSync(daemonLog, "a", 0o600);
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log] });
  let ended = false;
  daemon.once("error", () => (ended = true));
  daemon.once("exit", () => (ended = true));
  daemon.unref();
  return () => ended;
}

async function untilItAnswers(timers: Timers, gaveUp: () => boolean): Promise<Omit<Engine, "started">> {
  const signal = AbortSignal.timeout(comeUpMs);
  for (;;) {
    const answer = await ask();
    if (typeof answer !== "string") return answer;
    if (gaveUp())
      throw new Halt(69, `Docker was started and ended at once: ${await lastWords()} All of it is in ${daemonLog}.`);
    if (signal.aborted)
      throw new Halt(69, `Docker was started but did not answer within ${comeUpMs / 1000} s: ${answer}`);
    await timers.sleep(250);
  }
}

async function lastWords(): Promise<string> {
  const lines = (await readFile(daemonLog, "utf8").catch(() => "")).trim().split("\n");
  return lines.findLast((line) => line.startsWith("failed to start daemon")) ?? lines.at(-1) ?? "";
}

/**
 * With live-restore containers outlive a restart of dockerd. Merged into the daemon's own file and taken in by SIGHUP,
 * which restarts nothing. A daemon in another container or on another machine is left alone, with a word.
 */
export async function ensureLiveRestore(options: {
  yes: boolean;
  dockerHost: string | undefined;
  timers: Timers;
}): Promise<void> {
  const cost = "Without live-restore a restart of Docker stops every game server.";
  const pid = options.dockerHost ? undefined : await localDaemon();
  if (pid === undefined)
    return warn(
      `${cost} This Docker Engine does not run here, so set it there: "live-restore": true in its daemon.json.`,
    );
  const file = await daemonFile(pid);
  if (!(await agreed(`${cost} Set it in ${file}?`, options))) return;
  const merged = mergeLiveRestore(await readFile(file, "utf8").catch(() => ""));
  if (merged === undefined) return warn(`${cost} ${file} is not valid JSON, so it was left alone.`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, merged);
  process.kill(pid, "SIGHUP");
  const signal = AbortSignal.timeout(answerMs);
  while (!signal.aborted) {
    const answer = await ask();
    if (typeof answer !== "string" && answer.liveRestore)
      return say(`Docker keeps containers over its own restart now (live-restore in ${file}).`);
    await options.timers.sleep(100);
  }
  warn(`${cost} It stands in ${file} now but Docker has not taken it in; restart Docker when no game runs.`);
}

/** `{"live-restore": true}` besides everything that stood in the file; undefined when the file is not a JSON object. */
export function mergeLiveRestore(text: string): string | undefined {
  try {
    const present: unknown = text.trim() === "" ? {} : JSON.parse(text);
    if (typeof present !== "object" || present === null || Array.isArray(present)) return undefined;
    return `${JSON.stringify({ ...present, "live-restore": true }, null, 2)}\n`;
  } catch {
    return undefined;
  }
}

async function localDaemon(): Promise<number | undefined> {
  for (const file of ["/var/run/docker.pid", "/run/docker.pid"]) {
    const pid = Number(await readFile(file, "utf8").catch(() => ""));
    const name = pid > 0 ? await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "") : "";
    if (name.trim() === "dockerd") return pid;
  }
  return undefined;
}

async function daemonFile(pid: number): Promise<string> {
  const args = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
  const at = args.findIndex((arg) => /^--config-file(=|$)/.test(arg));
  if (at < 0) return "/etc/docker/daemon.json";
  return args[at]!.split("=")[1] ?? args[at + 1] ?? "/etc/docker/daemon.json";
}

const has = async (program: string): Promise<boolean> => (await run(program, ["--version"])).code !== 127;
const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
