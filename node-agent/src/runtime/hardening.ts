/**
 * How a game container may be created, and nothing else: a typed template, never a client's object passed through.
 * `strict` runs as the server's own uid with no capability on a read-only root; `compat` is for images that start as
 * root and drop their rights themselves. See docs of the profiles in shared/src/games/game.ts.
 */
import type { ServerSpec } from "@playspawn/shared";

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
/** What an entrypoint needs to chown its data and become another user. */
const compatCapabilities = ["CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "FOWNER"];

/** HostConfig of a game container. `network`: `container:<holder id>`; `dataDir`: folder with one folder per volume. */
export function hostConfig(
  spec: ServerSpec,
  limits: HostLimits,
  { network, dataDir }: { network: string; dataDir: string },
) {
  const strict = spec.profile === "strict";
  return {
    NetworkMode: network,
    CapDrop: ["ALL"],
    CapAdd: strict ? [] : compatCapabilities,
    Privileged: false,
    SecurityOpt: ["no-new-privileges:true"],
    ReadonlyRootfs: strict,
    Init: limits.init,
    Tmpfs: {
      "/tmp": "rw,exec,nosuid,nodev,size=128m,mode=1777",
      "/run": "rw,noexec,nosuid,nodev,size=16m,mode=1777",
    },
    ShmSize: 64 * MiB,
    PidsLimit: 512,
    Memory: spec.memoryBytes,
    // The same figure means no swap.
    MemorySwap: spec.memoryBytes,
    NanoCpus: Math.round(Math.min(spec.cpu, limits.cpus) * 1e9),
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
    Mounts: Object.entries(spec.volumes).map(([volume, path]) => ({
      Type: "bind" as const,
      Source: `${dataDir}/${volume}`,
      Target: path,
      BindOptions: { Propagation: "private" as const },
    })),
  };
}

/** `NAME=value` lines. HOME is the first volume, as the root file system cannot be written. */
export function environment(spec: ServerSpec): string[] {
  const home = Object.values(spec.volumes)[0] ?? "/tmp";
  return Object.entries({ HOME: home, ...spec.env }).map(([name, value]) => `${name}=${value}`);
}

/** `compat` images drop from root to the data's owner themselves. */
export const userOf = (spec: ServerSpec, owner: string): string => (spec.profile === "strict" ? owner : "0:0");
