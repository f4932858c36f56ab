/**
 * How a game container may be created, and nothing else: a typed template, never a client's object passed through.
 * `strict` runs as the server's own uid with no capability on a read-only root; `compat` is for images that start as
 * root and drop their rights themselves. See docs of the profiles in shared/src/games/game.ts.
 */
import { AppError, isSystemPath, type ServerSpec } from "@playspawn/shared";

/** What this host lets a container have; probed once. */
export interface HostLimits {
  /** Open files, at most 65,536. */
  nofile: number;
  oomScoreAdj: boolean;
  blkioWeight: boolean;
  /** The engine has an init to reap zombies. */
  init: boolean;
  cpus: number;
}

const MiB = 1024 ** 2;
/** Docker makes no container with less. */
const memoryBytesMin = 6 * MiB;
/** What an entrypoint needs to chown its data and become another user. And KILL, without which an init of root's may not pass a signal on to a game that runs as somebody else. */
const compatCapabilities = ["CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "FOWNER", "KILL"];

export interface Place {
  /** `container:<holder id>`. */
  network: string;
  /** Folder with one folder per volume. */
  dataDir: string;
  /** `uid:gid` of the server. */
  owner: string;
  /** Files mounted read-only, `{path inside: path on the host}`. */
  files: Readonly<Record<string, string>>;
}

/** HostConfig of a game container. */
export function hostConfig(spec: ServerSpec, limits: HostLimits, { network, dataDir, owner, files }: Place) {
  const strict = spec.profile === "strict";
  // Older runtimes give a tmpfs the mode that the image's folder has, whatever is asked for; an owner they keep.
  const [uid, gid] = strict ? owner.split(":") : ["0", "0"];
  const owned = `mode=1777,uid=${uid},gid=${gid}`;
  return {
    NetworkMode: network,
    CapDrop: ["ALL"],
    CapAdd: strict ? [] : compatCapabilities,
    Privileged: false,
    SecurityOpt: ["no-new-privileges:true"],
    ReadonlyRootfs: strict,
    Init: limits.init,
    Tmpfs: {
      "/tmp": `rw,exec,nosuid,nodev,size=128m,${owned}`,
      "/run": `rw,noexec,nosuid,nodev,size=16m,${owned}`,
    },
    ShmSize: 64 * MiB,
    PidsLimit: 512,
    Memory: spec.memoryBytes,
    // The same figure means no swap.
    MemorySwap: spec.memoryBytes,
    NanoCpus: nanoCpus(Math.min(spec.cpu, limits.cpus)),
    ...(limits.blkioWeight ? { BlkioWeight: 500 } : {}),
    // When memory runs out, games go before the agent and the engine.
    ...(limits.oomScoreAdj ? { OomScoreAdj: 500 } : {}),
    Ulimits: [
      { Name: "nofile", Soft: limits.nofile, Hard: limits.nofile },
      { Name: "core", Soft: 0, Hard: 0 },
    ],
    IpcMode: "private",
    CgroupnsMode: "private" as const,
    PublishAllPorts: false,
    // Docker must never start again what the agent stopped.
    RestartPolicy: { Name: "no" },
    LogConfig: {
      Type: "local",
      Config: { "max-size": "5m", "max-file": "2", mode: "non-blocking", "max-buffer-size": "4m" },
    },
    Mounts: [
      ...Object.entries(spec.volumes).map(([volume, path]) => bind(`${dataDir}/${volume}`, path, false)),
      ...Object.entries(files).map(([path, source]) => bind(source, path, true)),
    ],
  };
}

const bind = (source: string, target: string, readOnly: boolean) => ({
  Type: "bind" as const,
  Source: source,
  Target: target,
  ReadOnly: readOnly,
  BindOptions: { Propagation: "private" as const },
});

/** The first volume, as the root file system cannot be written. */
export const homeOf = (spec: ServerSpec): string => Object.values(spec.volumes)[0] ?? "/tmp";

/** `NAME=value` lines. */
export const environment = (spec: ServerSpec): string[] =>
  Object.entries({ HOME: homeOf(spec), ...spec.env }).map(([name, value]) => `${name}=${value}`);

/**
 * What a spec may not say, whoever says it: a control plane in wrong hands must not get more of a node than games. All
 * that is not in the spec's schema never gets here.
 * @throws AppError forbidden
 */
export function checkSpec(spec: ServerSpec, owner: string): void {
  const refuse = (what: string): never => {
    throw new AppError("forbidden", `This node refuses to run ${spec.game}: ${what}. Correct the game's file.`);
  };
  if (!/^[1-9]\d{0,9}:[1-9]\d{0,9}$/.test(owner)) refuse(`its files would belong to ${JSON.stringify(owner)}`);
  // Zero would be no limit at all.
  if (!(spec.memoryBytes >= memoryBytesMin))
    refuse(`${spec.memoryBytes} bytes of memory are less than a container needs`);
  if (!(nanoCpus(spec.cpu) > 0)) refuse(`${spec.cpu} is no share of a processor`);
  for (const path of Object.values(spec.volumes)) {
    if (!/^\/[A-Za-z0-9._/-]{1,200}$/.test(path) || path.split("/").includes(".."))
      refuse(`${JSON.stringify(path)} is no path for its files`);
    if (isSystemPath(path)) refuse(`its files would lie over ${path}, which belongs to the system`);
  }
  for (const [name, value] of Object.entries(spec.env))
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) || value.includes("\0"))
      refuse(`${JSON.stringify(name.slice(0, 80))} is no environment variable`);
}

const nanoCpus = (cpu: number): number => Math.round(cpu * 1e9);

/** `compat` images drop from root to the data's owner themselves. */
export const userOf = (spec: ServerSpec, owner: string): string => (spec.profile === "strict" ? owner : "0:0");
