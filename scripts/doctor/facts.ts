/** What the doctor looks at: the database, the engine, the sockets, the processes and the files of one data folder. */
import { readFile, readdir, readlink, stat, statfs } from "node:fs/promises";
import { listenerUrl, messageOf, type Have, type Tier, type Want } from "@playspawn/shared";
import { askHealth } from "@playspawn/shared/node/health.ts";
import { z } from "zod";
import { run } from "../lib/run.ts";
import { engineAt } from "../up/docker.ts";
import { databasesOf } from "./databases.ts";

export interface ServerRow {
  id: string;
  name: string;
  want: Want;
  have: Have;
  tier: Tier | null;
  /** UTC ms. */
  since: number;
  removed: boolean;
}

export interface Lease {
  server: string;
  protocol: "tcp" | "udp";
  port: number;
}

export interface OwnContainer {
  name: string;
  server: string;
  role: string;
  /** Paused or not. */
  running: boolean;
  paused: boolean;
}

/** What could not be looked at, and why: a sentence. */
export interface Unseen {
  unseen: string;
}
export type Seen<T> = T | Unseen;

export interface Identity {
  installation: string;
  node: string;
  /** It has joined nobody: its control plane, which may be this machine's, calls it by another id. */
  isDriven: boolean;
}

export interface Records {
  servers: ServerRow[];
  leases: Lease[];
}

export interface Engine {
  version: string;
  liveRestore: boolean;
  containers: OwnContainer[];
  /** Names of the networks and volumes that carry our label. */
  networks: string[];
  volumes: string[];
}

export interface Facts {
  dataDir: string;
  /** There is something of Playspawn in it. */
  isInstalled: boolean;
  /** UTC ms. */
  now: number;
  identity: Seen<Identity>;
  /** Programs that run on this data folder. */
  programs: { name: ProgramName; pid: number }[];
  /** What the agent that runs says of itself; null where none runs. */
  agent: Seen<{ troubles: string[]; abilities: Record<string, string | number | boolean> }> | null;
  /** Null where this machine is only a node. */
  databases: { file: string; faults: string[] }[] | null;
  /** Null where what is wanted of this node cannot be known here. */
  records: Seen<Records> | null;
  engine: Seen<Engine>;
  /** What the door's process has bound. */
  bound: { protocol: "tcp" | "udp"; port: number }[];
  /** The nft table that filters what games send is there. */
  filtered: boolean;
  /** The nft table that leads players of awake servers past the door is there. */
  direct: boolean;
  /** Files and folders that hold secrets, with their mode bits. */
  modes: { path: string; mode: number }[];
  disks: { path: string; freeBytes: number }[];
}

const programPaths = {
  "control-plane": "control-plane/src/main.ts",
  "node-agent": "node-agent/src/main.ts",
  door: "node-agent/src/door/main.ts",
} as const;
export type ProgramName = keyof typeof programPaths;

const NodeFile = z.object({ nodeId: z.string(), installationId: z.string() });
/** Where the agent says who it is: the one that is there. */
const identityFiles = ["agent/node.json", "agent/driven.json"] as const;
const engineLimitMs = 20_000;

export interface Subject {
  dataDir: string;
  /** Where its data is, unless it is in files. */
  databaseUrl: string | undefined;
  /** Where its engine is, unless at the usual socket. */
  dockerHost: string | undefined;
}

/** Looks at everything that can be looked at; a part that cannot says why. */
export async function gather({ dataDir, databaseUrl, dockerHost }: Subject, now: number): Promise<Facts> {
  const identity = await seen("", () => readIdentity(dataDir));
  const programs = await programsOf(dataDir);
  const hasControlPlane = databaseUrl !== undefined || (await isThere(`${dataDir}/control-plane/lock`));
  const databases = hasControlPlane ? databasesOf(dataDir, databaseUrl) : null;
  const isDriven = !("unseen" in identity) && identity.isDriven;
  const engine = await ofIdentity(identity, (own) =>
    seen("The engine could not be asked", () => readEngine(own, dockerHost)),
  );
  return {
    dataDir,
    isInstalled: await isInstalled(dataDir),
    now,
    identity,
    programs,
    agent: await agentOf(programs.find(({ name }) => name === "node-agent")?.pid),
    databases: databases && (await databases.check()),
    records:
      databases && !isDriven ? await ofIdentity(identity, ({ node }) => seen("", () => databases.records(node))) : null,
    engine,
    bound: await boundBy(programs.filter(({ name }) => name === "door").map(({ pid }) => pid)),
    filtered: !("unseen" in identity) && (await hasTable(identity, "")),
    direct: !("unseen" in identity) && (await hasTable(identity, "_path")),
    modes: await modesOf(dataDir),
    disks: await freeSpace([dataDir, "unseen" in engine ? undefined : engine.rootDir]),
  };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** What each kind of machine has from its first start on. */
const installedFiles = [...identityFiles, "control-plane/core.db", "control-plane/database"];

const isInstalled = async (dataDir: string): Promise<boolean> =>
  (await Promise.all(installedFiles.map((name) => isThere(`${dataDir}/${name}`)))).includes(true);

const Health = z.object({
  troubles: z.array(z.string()).default([]),
  abilities: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/** Asked where its own environment says that it listens: services and containers have settings that are not ours. */
async function agentOf(pid: number | undefined): Promise<Facts["agent"]> {
  if (pid === undefined) return null;
  const environ = await environOf(pid);
  const setting = (name: string): string | undefined =>
    environ.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) || undefined;
  const port = setting("PLAYSPAWN_AGENT_PORT") ?? "8001";
  // One that it picked itself is known to nobody.
  if (port === "0") return null;
  const isSecure = setting("PLAYSPAWN_AGENT_TLS_CERT_FILE") !== undefined;
  const url = `${listenerUrl({ host: "127.0.0.1", port, isSecure })}/health?abilities=1`;
  return seen(`The agent does not say at ${url} whether it is well`, async () => {
    const answer = await askHealth(url);
    if (!answer) throw new Error("it does not answer");
    return Health.parse(JSON.parse(answer.text));
  });
}

/** An agent names its tables after the last six of both ids. */
async function hasTable({ installation, node }: Identity, suffix: string): Promise<boolean> {
  const table = `playspawn_ps${installation.slice(-6)}${node.slice(-6)}${suffix}`;
  return (await run("/usr/sbin/nft", ["list", "table", "inet", table])).code === 0;
}

async function seen<T>(what: string, look: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return await look();
  } catch (error) {
    return { unseen: what ? `${what}: ${messageOf(error)}` : messageOf(error) };
  }
}

const ofIdentity = async <T>(
  identity: Seen<Identity>,
  look: (identity: Identity) => Promise<Seen<T>>,
): Promise<Seen<T>> => ("unseen" in identity ? identity : look(identity));

async function readIdentity(dataDir: string): Promise<Identity> {
  for (const name of identityFiles) {
    const file = `${dataDir}/${name}`;
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    try {
      const { nodeId, installationId } = NodeFile.parse(JSON.parse(text));
      return { node: nodeId, installation: installationId, isDriven: name === "agent/driven.json" };
    } catch (cause) {
      throw new Error(`${file} is damaged. Restore it from a backup, or delete it and let the node begin anew.`, {
        cause,
      });
    }
  }
  throw new Error(
    `${dataDir} holds no node (neither ${identityFiles.join(" nor ")} can be read). Start Playspawn first, or set PLAYSPAWN_DATA_DIR.`,
  );
}

async function readEngine(
  { installation, node }: Identity,
  dockerHost: string | undefined,
): Promise<Engine & { rootDir: string }> {
  const docker = engineAt(dockerHost, engineLimitMs);
  const info = (await docker.info()) as { ServerVersion: string; LiveRestoreEnabled: boolean; DockerRootDir: string };
  const filters = { label: [`playspawn.installation=${installation}`, `playspawn.node=${node}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return {
    version: info.ServerVersion,
    liveRestore: info.LiveRestoreEnabled,
    rootDir: info.DockerRootDir,
    containers: containers.map(({ Names, Labels, State }) => ({
      name: (Names[0] ?? "").replace(/^\//, ""),
      server: Labels["playspawn.server"] ?? "",
      role: Labels["playspawn.role"] ?? "",
      running: State === "running" || State === "paused",
      paused: State === "paused",
    })),
    networks: networks.map(({ Name }) => Name),
    volumes: volumes.Volumes.map(({ Name }) => Name),
  };
}

/** Services and containers name the file from the checkout on, `start` names it whole. A container's init is none of them. */
export const programOf = ([program = "", ...command]: readonly string[]): ProgramName | undefined =>
  /(^|\/)node$/.test(program)
    ? (Object.keys(programPaths) as ProgramName[]).find((one) =>
        command.some((word) => `/${word}`.endsWith(`/${programPaths[one]}`)),
      )
    : undefined;

const environOf = async (pid: number | string): Promise<string[]> =>
  (await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")).split("\0");

/** Found by what they run, from wherever it was started, and by the data folder in their environment, so that several installations stay apart. */
async function programsOf(dataDir: string): Promise<Facts["programs"]> {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    numbers.map(async (pid) => {
      const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      const name = programOf(command);
      if (!name) return [];
      return (await environOf(pid)).includes(`PLAYSPAWN_DATA_DIR=${dataDir}`) ? [{ name, pid: Number(pid) }] : [];
    }),
  );
  return found.flat();
}

/** The sockets of these processes, by the inode that both the process and the kernel's table name. */
async function boundBy(pids: readonly number[]): Promise<Facts["bound"]> {
  const inodes = new Set((await Promise.all(pids.map(socketsOf))).flat());
  const { stdout } = await run("ss", ["-Hlntue"]);
  return stdout.split("\n").flatMap((line) => {
    const [protocol, , , , local = ""] = line.split(/\s+/);
    const inode = / ino:(\d+)/.exec(line)?.[1];
    if (!inode || !inodes.has(inode) || (protocol !== "tcp" && protocol !== "udp")) return [];
    return [{ protocol, port: Number(local.slice(local.lastIndexOf(":") + 1)) } as const];
  });
}

async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => "")));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}

/** The folder shuts out everybody; each file that holds a secret does so by itself too, should it be copied elsewhere. */
const secretPaths = [
  "",
  "control-plane/core.db",
  "control-plane/secret.key",
  "agent/node.json",
  "agent/driven.json",
  "agent/state.json",
  "run/join-token",
  "run/demo-admin.json",
];

async function modesOf(dataDir: string): Promise<Facts["modes"]> {
  const secret = secretPaths.map((name) => `${dataDir}/${name}`);
  const found = await Promise.all(
    secret.map(async (path) => {
      const mode = await stat(path).then(
        // Who may only pass through a folder sees nothing of it: services run as several users.
        (one) => one.mode & (one.isDirectory() ? 0o766 : 0o777),
        () => undefined,
      );
      return mode === undefined ? [] : [{ path, mode }];
    }),
  );
  return found.flat();
}

/** The engine may run elsewhere, with disks that are not seen from here. */
async function freeSpace(paths: readonly (string | undefined)[]): Promise<Facts["disks"]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const disk = path === undefined ? undefined : await statfs(path).catch(() => undefined);
      return disk ? [{ path: path!, freeBytes: disk.bavail * disk.bsize }] : [];
    }),
  );
  return found.flat();
}
