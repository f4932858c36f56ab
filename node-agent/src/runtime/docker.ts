/** The runtime on a real Docker Engine: puts the parts beside this file together. Only `docker*.ts` know dockerode. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { AppError, type ErrorCode, type Ports, type Progress } from "@playspawn/shared";
import type { EgressAllowed } from "../net/egress.ts";
import type { Nft } from "../kernel/nft.ts";
import { packetFilter, type Filter } from "../net/filter.ts";
import { hostRoutes } from "../net/host-routes.ts";
import { isolation } from "../net/isolation.ts";
import { net } from "../net/reconciler.ts";
import { resolvers } from "../net/resolvers.ts";
import { accounts } from "./account.ts";
import { buildContexts, type BuildContexts, type ContextSource } from "./build-context.ts";
import { inspect, listUnits } from "./docker-containers.ts";
import { details } from "./docker-details.ts";
import { consumptions, containers } from "./docker-stats.ts";
import { dockerEngine, EngineFault } from "./docker-engine.ts";
import { watchEvents } from "./docker-events.ts";
import { ensureGame, removeGame, signalGame, startGame, waitGame, type Games } from "./docker-games.ts";
import { ensureHolderImage } from "./docker-holder-image.ts";
import { ensureHolder, removeHolder, type Holders } from "./docker-holders.ts";
import { ensureImage, type Images } from "./docker-images.ts";
import { inside, registryDigest } from "./docker-inside.ts";
import { gameLogs, writeStdin } from "./docker-logs.ts";
import { dockerBridges } from "./docker-network.ts";
import { publishedPorts } from "./docker-ports.ts";
import { probeHost, type HostProbe } from "./docker-probe.ts";
import { pauseGame, reclaimGame, resumeGame } from "./docker-sleep.ts";
import { imagePins } from "./image-pins.ts";
import { imagePolicy } from "./image-policy.ts";
import { bridgeName, filterTable, type Identity } from "./names.ts";
import { coalesced, remembered, type Remembered } from "../lib/remembered.ts";
import type { Runtime } from "./runtime.ts";
import { serial } from "../lib/serial.ts";
import { swapKind, swaps } from "../swap/swaps.ts";
import { sharedWork } from "./shared-work.ts";

export interface DockerRuntimeOptions {
  installation: string;
  node: string;
  /** `PLAYSPAWN_SUBNET`; undefined picks a free one. */
  subnet: string | undefined;
  /** What games may reach besides the internet and name service; see net/egress.ts. */
  egress: {
    ports: { from: number; to: number };
    closedPorts: readonly number[];
    allow: readonly EgressAllowed[];
    /** Name servers; those of this host when left out. */
    resolvers?: readonly string[];
    /** How nft is had; tests without a kernel have their own. */
    nft?: () => Promise<Nft>;
  };
  /** `DOCKER_HOST`, e.g. `unix:///var/run/docker.sock`. */
  dockerHost: string;
  /** Where build files are fetched, or how they are had otherwise. */
  contexts: ContextSource | BuildContexts;
  /** `PLAYSPAWN_IMAGE_ALLOW`: patterns of repositories. */
  imageAllow: readonly string[];
  /** Our folder, below which the servers' files lie: the engine must find it at the same path. */
  dataDir: string;
  /** Where the holder's image is kept; tests use their own. */
  holderRepository?: string;
  ports: Ports;
  /** Told of faults that mended themselves, such as a lost event stream. */
  onTrouble: (error: unknown) => void;
}

/** @throws AppError network_failed when `subnet` is not a subnet. Nothing is asked of the engine before the first call. */
export function dockerRuntime(options: DockerRuntimeOptions): Runtime {
  const { installation, node, ports, onTrouble } = options;
  const identity = { installation, node };
  const engine = dockerEngine(options.dockerHost, ports);
  const turn = serial();
  const name = bridgeName(identity);
  const filter = filterOf(identity, options);
  const network = net({
    bridges: dockerBridges(engine, identity),
    routes: hostRoutes,
    isolation: isolation(name),
    filter,
    subnet: options.subnet,
    bridgeName: name,
  });
  const image = remembered(() => ensureHolderImage(engine, options.holderRepository ?? "playspawn/holder"));
  const holders: Holders = { engine, identity, net: network, image, serial: turn };
  const host = remembered(() => probeHost(holders, options.dataDir));
  const games: Games = {
    engine,
    identity,
    isolation: network.isolation,
    accounts: accounts(join(options.dataDir, "accounts")),
    hostLimits: async () => (await host.get()).limits,
    ids: new Map(),
    cgroup: async () => (await host.get()).cgroup,
    swapOpen: new Map(),
  };
  const consumption = consumptions(games);
  const images: Images = {
    engine,
    contexts: "use" in options.contexts ? options.contexts : buildContexts(options.contexts),
    policy: imagePolicy(options.imageAllow),
    pins: imagePins(join(options.dataDir, "images.json")),
    shared: sharedWork<Progress, string>(),
  };
  const known = details((id) => inspect(engine, id));
  // Whoever reads the truth anew, at least every few seconds, also has every bridge port and the filter looked at.
  const units = coalesced(async () => {
    await network.isolation.allPorts();
    return listUnits(engine, identity, known);
  });
  // Many servers are created at once, each with ports to be looked at.
  const published = coalesced(() => publishedPorts(engine));
  // Calls that make or remove things of one server go one after the other; a wake's own call waits for nobody.
  const change = <T>(server: string, work: () => Promise<T>): Promise<T> => turn(`server ${server}`, work);
  return {
    probe: () => guarded("internal", async () => told(await host.get(), options.imageAllow)),
    async list() {
      // Also while the engine hangs: games run on then.
      await filter.ensure();
      return guarded("internal", units);
    },
    ensureImage: (spec, onProgress, signal) =>
      guarded("image_pull_failed", () => ensureImage(images, spec, onProgress, signal)),
    ensureHolder: (server) => guarded("network_failed", () => change(server, () => ensureHolder(holders, server))),
    ensureGame: (plan) => guarded("start_failed", () => change(plan.server, () => ensureGame(games, plan))),
    startGame: (server) => guarded("start_failed", () => startGame(games, server)),
    signalGame: (server, signal) => guarded("internal", () => signalGame(games, server, signal)),
    waitGame: (server, signal) => guarded("internal", () => waitGame(games, server, signal)),
    ...sleepCalls(games, host),
    writeStdin: (server, line) => guarded("internal", () => writeStdin(games, server, line)),
    logs: (server, request) => gameLogs(games, server, request),
    removeGame: (server) => guarded("internal", () => change(server, () => removeGame(games, server))),
    removeHolder: (server) => guarded("internal", () => change(server, () => removeHolder(engine, identity, server))),
    containers: (server) => guarded("internal", () => containers(engine, identity, server)),
    consumption: (server) => guarded("internal", () => consumption(server)),
    inside: (server) => guarded("internal", () => inside(games, server)),
    registryDigest: (ref) => guarded("image_pull_failed", () => registryDigest(images, ref)),
    publishedPorts: () => guarded("internal", published),
    events: (signal) =>
      watchEvents({ engine, identity, isolation: network.isolation, details: known, onTrouble }, signal),
  };
}

const told = ({ machine, capabilities }: HostProbe, imageAllow: readonly string[]) => ({
  machine,
  capabilities: { ...capabilities, imageAllow: imageAllow.join(", ").slice(0, 300) },
});

type SleepCalls = Pick<Runtime, "pauseGame" | "resumeGame" | "reclaimGame" | "sleepAbilities">;

const sleepCalls = (games: Games, host: Remembered<HostProbe>): SleepCalls => ({
  pauseGame: (server) => guarded("internal", () => pauseGame(games, server)),
  resumeGame: (server) => guarded("start_failed", () => resumeGame(games, server)),
  reclaimGame: (server, signal) => guarded("internal", () => reclaimGame(games, server, signal)),
  sleepAbilities: () =>
    guarded("internal", async () => {
      const { pause, reclaim } = await host.get();
      return { pause, deep: reclaim === true ? swapKind(await swaps()) : reclaim };
    }),
});

function filterOf(identity: Identity, { egress: { nft, ...egress }, onTrouble }: DockerRuntimeOptions): Filter {
  return packetFilter({
    ...(nft && { nft }),
    needed: () => access(`/sys/class/net/${bridgeName(identity)}`).then(yes, no),
    rules: async () => ({
      ...egress,
      table: filterTable(identity),
      bridge: bridgeName(identity),
      resolvers: egress.resolvers ?? (await resolvers()),
    }),
    onFault: onTrouble,
  });
}

const yes = (): boolean => true;
const no = (): boolean => false;

/** What the engine refused becomes an error for people; `code` says what it means for this call. */
async function guarded<T>(code: ErrorCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EngineFault) throw new AppError(code, `${error.message}.`, { cause: error });
    throw error;
  }
}
