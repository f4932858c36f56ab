/** What the doctor looks at: the database, the engine, the sockets, the processes and the files of one data folder. */
import { readFile, readdir, readlink, stat, statfs } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import Docker from "dockerode";
import type { Have, Want } from "@playspawn/shared";
import { z } from "zod";
import { run } from "../lib/run.ts";

export interface ServerRow {
  id: string;
  name: string;
  want: Want;
  have: Have;
  tier: string | null;
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
  running: boolean;
}

export interface Facts {
  dataDir: string;
  /** UTC ms. */
  now: number;
  /** Programs that run on this data folder. */
  programs: { name: ProgramName; pid: number }[];
  databases: { file: string; faults: string[] }[];
  installation: string;
  node: string;
  servers: ServerRow[];
  leases: Lease[];
  containers: OwnContainer[];
  /** What the door's process has bound. */
  bound: { protocol: "tcp" | "udp"; port: number }[];
  /** Files and folders that hold secrets, with their mode bits. */
  modes: { path: string; mode: number }[];
  engine: { version: string; liveRestore: boolean };
  disks: { path: string; freeBytes: number }[];
}

const programPaths = {
  "control-plane": "control-plane/src/main.ts",
  "node-agent": "node-agent/src/main.ts",
  door: "node-agent/src/door/main.ts",
} as const;
export type ProgramName = keyof typeof programPaths;

const NodeFile = z.object({ nodeId: z.string(), installationId: z.string() });

/** @throws Error with a sentence when this is no data folder or the engine does not answer */
export async function gather(dataDir: string, now: number): Promise<Facts> {
  const text = await readFile(`${dataDir}/agent/node.json`, "utf8").catch((cause: unknown) => {
    throw new Error(
      `${dataDir} holds no joined node (agent/node.json cannot be read). Start Playspawn first, or set PLAYSPAWN_DATA_DIR.`,
      { cause },
    );
  });
  const { nodeId, installationId } = NodeFile.parse(JSON.parse(text));
  const docker = new Docker({ timeout: 20_000 });
  const programs = await programsOf(dataDir);
  const info = (await docker.info()) as { ServerVersion: string; LiveRestoreEnabled: boolean; DockerRootDir: string };
  return {
    dataDir,
    now,
    programs,
    installation: installationId,
    node: nodeId,
    ...readDatabases(dataDir, nodeId),
    containers: await containersOf(docker, installationId, nodeId),
    bound: await boundBy(programs.filter(({ name }) => name === "door").map(({ pid }) => pid)),
    modes: await modesOf(dataDir),
    engine: { version: info.ServerVersion, liveRestore: info.LiveRestoreEnabled },
    disks: await Promise.all([dataDir, info.DockerRootDir].map(freeSpace)),
  };
}

function readDatabases(dataDir: string, node: string): Pick<Facts, "databases" | "servers" | "leases"> {
  const files = ["core.db", "telemetry.db"].map((name) => `${dataDir}/control-plane/${name}`);
  const databases = files.map((file) => ({ file, faults: integrityFaults(file) }));
  const core = new DatabaseSync(files[0]!, { readOnly: true });
  try {
    const rows = core
      .prepare(
        "select id, name, want, have, tier, since, removed_at is not null as removed from servers where node_id = ?",
      )
      .all(node) as unknown as (Omit<ServerRow, "removed"> & { removed: number })[];
    const leases = core
      .prepare("select server_id as server, protocol, port from port_leases where node_id = ?")
      .all(node) as unknown as Lease[];
    return { databases, servers: rows.map((row) => ({ ...row, removed: row.removed === 1 })), leases };
  } finally {
    core.close();
  }
}

function integrityFaults(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const words = database.prepare("pragma integrity_check").all() as { integrity_check: string }[];
    const strays = database.prepare("pragma foreign_key_check").all() as { table: string }[];
    return [
      ...words.map((row) => row.integrity_check).filter((word) => word !== "ok"),
      ...strays.map(({ table }) => `a row of ${table} refers to one that is not there`),
    ];
  } finally {
    database.close();
  }
}

async function containersOf(docker: Docker, installation: string, node: string): Promise<OwnContainer[]> {
  const filters = { label: [`playspawn.installation=${installation}`, `playspawn.node=${node}`] };
  const found = await docker.listContainers({ all: true, filters });
  return found.map(({ Names, Labels, State }) => ({
    name: (Names[0] ?? "").replace(/^\//, ""),
    server: Labels["playspawn.server"] ?? "",
    role: Labels["playspawn.role"] ?? "",
    running: State === "running",
  }));
}

/** Found by what they run and by the data folder in their environment, so that several installations stay apart. */
async function programsOf(dataDir: string): Promise<Facts["programs"]> {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    numbers.map(async (pid) => {
      const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      const names = Object.keys(programPaths) as ProgramName[];
      const name = names.find((one) => command.some((word) => word.endsWith(`/${programPaths[one]}`)));
      if (!name) return [];
      const environ = (await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")).split("\0");
      return environ.includes(`PLAYSPAWN_DATA_DIR=${dataDir}`) ? [{ name, pid: Number(pid) }] : [];
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

async function modesOf(dataDir: string): Promise<Facts["modes"]> {
  const secret = ["", "control-plane/core.db", "agent/node.json", "run/join-token"].map((name) => `${dataDir}/${name}`);
  const found = await Promise.all(
    secret.map(async (path) => {
      const mode = await stat(path).then(
        (one) => one.mode & 0o777,
        () => undefined,
      );
      return mode === undefined ? [] : [{ path, mode }];
    }),
  );
  return found.flat();
}

async function freeSpace(path: string): Promise<{ path: string; freeBytes: number }> {
  const { bavail, bsize } = await statfs(path);
  return { path, freeBytes: bavail * bsize };
}
