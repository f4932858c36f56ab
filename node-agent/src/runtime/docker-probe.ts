/**
 * What this host lets containers have, found out by starting a throw-away one: machines differ in what they allow
 * (open files, OOM scores, isolated bridge ports), and only the attempt tells.
 */
import { readFile } from "node:fs/promises";
import { cgroupFolder } from "../cgroup/folders.ts";
import { reclaimFault } from "../cgroup/memory.ts";
import { probeAddressOf } from "../net/subnet.ts";
import { inspect, listOwn, remove } from "./docker-containers.ts";
import { EngineFault, limits, type Engine } from "./docker-engine.ts";
import { proveFolder } from "./docker-folder.ts";
import { holderHostConfig, start, type Holders } from "./docker-holders.ts";
import { waitForEver } from "./docker-holder-image.ts";
import type { HostLimits } from "./hardening.ts";
import { networkName, probeLabels, probeName } from "./names.ts";

const nofileWanted = 65_536;
/** Every Linux allows this many. */
const nofileLeast = 1024;

interface Info {
  ID: string;
  NCPU: number;
  /** As the kernel names it. */
  Architecture: string;
  CgroupVersion?: string;
  Driver: string;
  KernelVersion: string;
  ServerVersion: string;
  LiveRestoreEnabled: boolean;
  SecurityOptions?: string[];
  Warnings?: string[] | null;
}

export interface HostProbe {
  machine: string;
  limits: HostLimits;
  /** `v1` or `v2` */
  cgroup: string;
  /** Containers can be paused, their memory can be moved out where there is swap; else why not, as a sentence. */
  pause: true | string;
  reclaim: true | string;
  capabilities: Record<string, string | number | boolean>;
}

/**
 * Starts and removes containers; about a second.
 * @throws AppError network_failed | docker_unavailable …; not_ready when the engine does not see `dataDir` as we do
 */
export async function probeHost(holders: Holders, dataDir: string): Promise<HostProbe> {
  const { engine, identity, net } = holders;
  // First, because a subnet that cannot be had is for people to mend, and nothing else is to be made before.
  await net.bridge();
  const docker = engine.docker as { info(options: object): Promise<Info> };
  const info = await engine.call("describe itself", limits.read, (abortSignal) => docker.info({ abortSignal }));
  for (const left of await listOwn(engine, identity, { role: "probe" })) await remove(engine, left.Id);
  // Both to their end, so that a second try does not meet a container of the first.
  const [seen, tried] = await Promise.allSettled([proveFolder(holders, dataDir), tryLimits(holders)]);
  if (seen.status === "rejected") throw seen.reason;
  if (tried.status === "rejected") throw tried.reason;
  const filter = await net.filter.ensure();
  const trial = tried.value;
  const warnings = (info.Warnings ?? []).join("\n");
  const hostLimits: HostLimits = {
    nofile: trial.nofile,
    oomScoreAdj: trial.oomScoreAdj,
    init: trial.init,
    blkioWeight: !/blkio weight|io\.weight/i.test(warnings) && (await hasBlkioWeight(info)),
    cpus: info.NCPU,
  };
  const cgroup = `v${info.CgroupVersion ?? "1"}`;
  return {
    cgroup,
    pause: trial.pause,
    reclaim: trial.reclaim,
    machine: `${info.ID}/${await machineId()}`,
    limits: hostLimits,
    capabilities: {
      engine: info.ServerVersion,
      arch: archNames[info.Architecture] ?? info.Architecture,
      cgroup,
      storageDriver: info.Driver,
      kernel: info.KernelVersion,
      liveRestore: info.LiveRestoreEnabled,
      apparmor: (info.SecurityOptions ?? []).some((option) => option.includes("apparmor")),
      seccomp: (info.SecurityOptions ?? []).some((option) => option.includes("seccomp")),
      isolatedPorts: trial.isolatedPorts,
      egressFilter: filter.works,
      ...(filter.works ? {} : { egressFilterFault: filter.reason.slice(0, 300) }),
      nofile: hostLimits.nofile,
      oomScoreAdj: hostLimits.oomScoreAdj,
      blkioWeight: hostLimits.blkioWeight,
      init: hostLimits.init,
    },
  };
}

/** What images and templates call them. */
const archNames: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

interface Trial {
  nofile: number;
  oomScoreAdj: boolean;
  init: boolean;
  isolatedPorts: boolean;
  pause: true | string;
  reclaim: true | string;
}

/** What the engine's refusals say, and what to leave out then. */
const refusals: { words: RegExp; without: "nofile" | "oomScoreAdj" | "init" }[] = [
  { words: /rlimit/i, without: "nofile" },
  { words: /oom_score_adj/i, without: "oomScoreAdj" },
  { words: /docker-init|init binary/i, without: "init" },
];

async function tryLimits(holders: Holders): Promise<Trial> {
  const { engine, net } = holders;
  const wanted = { nofile: true, oomScoreAdj: true, init: true };
  for (;;) {
    const id = await createProbe(holders, wanted);
    try {
      await start(engine, id);
      await net.isolation.allPorts();
      const pid = (await inspect(engine, id))?.State.Pid ?? 0;
      const sleep = await trySleep(engine, id, pid);
      return {
        ...sleep,
        ...wanted,
        nofile: wanted.nofile ? nofileWanted : Math.min(nofileWanted, await hardLimit(pid)),
        isolatedPorts: await net.isolation.complete(),
      };
    } catch (error) {
      const refused = refusals.find(({ words, without }) => wanted[without] && words.test(String(error)));
      if (!(error instanceof EngineFault) || !refused) throw error;
      wanted[refused.without] = false;
    } finally {
      await remove(engine, id);
    }
  }
}

/** Whether containers can be frozen here, and their memory be moved out. */
async function trySleep(engine: Engine, id: string, pid: number): Promise<Pick<Trial, "pause" | "reclaim">> {
  const container = engine.docker.getContainer(id);
  try {
    await engine.call("pause a container", limits.change, (abortSignal) => container.pause({ abortSignal }));
    await engine.call("unpause a container", limits.change, (abortSignal) => container.unpause({ abortSignal }));
  } catch (error) {
    if (!(error instanceof EngineFault)) throw error;
    return { pause: `${error.message}.`, reclaim: "Games cannot be paused on this machine." };
  }
  const fault = await reclaimFault(await cgroupFolder(pid, "memory"));
  return { pause: true, reclaim: fault === null || `Memory cannot be moved out: ${fault}.` };
}

async function createProbe(
  { engine, identity, net, image }: Holders,
  wanted: { nofile: boolean; oomScoreAdj: boolean; init: boolean },
): Promise<string> {
  const network = networkName(identity);
  const { subnet } = await net.bridge();
  const reference = await image.get();
  const made = await engine.call("create a container that tries this host's limits", limits.change, (abortSignal) =>
    engine.docker.createContainer({
      name: probeName(identity, "limits"),
      Image: reference,
      Cmd: waitForEver,
      User: "65534:65534",
      Labels: probeLabels(identity),
      HostConfig: {
        ...holderHostConfig(network),
        Init: wanted.init,
        ...(wanted.oomScoreAdj ? { OomScoreAdj: 500 } : {}),
        ...(wanted.nofile ? { Ulimits: [{ Name: "nofile", Soft: nofileWanted, Hard: nofileWanted }] } : {}),
      },
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: probeAddressOf(subnet) } } } },
      abortSignal,
    }),
  );
  return made.id;
}

/** Hard limit of open files of a process that inherited the engine's own. */
async function hardLimit(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/limits`, "utf8").catch(() => "");
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1];
  return hard === "unlimited" ? nofileWanted : Number(hard ?? nofileLeast);
}

/** On cgroup v1 only some disk schedulers have weights; the file tells. v2 says it in the warnings. */
async function hasBlkioWeight({ CgroupVersion: version }: Info): Promise<boolean> {
  if (version === "2") return true;
  return readFile("/sys/fs/cgroup/blkio/blkio.weight", "utf8").then(
    () => true,
    () => false,
  );
}

const machineId = (): Promise<string> =>
  readFile("/etc/machine-id", "utf8").then(
    (text) => text.trim() || "none",
    () => "none",
  );
