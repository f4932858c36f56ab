/** The composition root: everything this process is made of, built in order and closed in reverse. */
import { join } from "node:path";
import { AppError, failpoint, gate, newId, type Ports } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino, type Logger } from "pino";
import type { Config } from "./config.ts";
import type { Door } from "./door/door-client.ts";
import { doorServer } from "./door/door-server.ts";
import { doorSocketPath } from "./door/socket-path.ts";
import { failpointNames } from "./failpoints.ts";
import { abilities, watchFirewall, type Guards } from "./abilities.ts";
import { bootId, capacity, load, memoryFreeBytes, memoryReserveBytes } from "./host.ts";
import type { Core } from "./http/core.ts";
import { agentHttp, type AgentHttp } from "./http/http.ts";
import { local } from "./http/local.ts";
import { sessions } from "./http/sessions.ts";
import type { CallHandlers } from "./link/calls.ts";
import type { Identity } from "./link/identity.ts";
import { lease } from "./idle/keep-awake.ts";
import { link } from "./link/link.ts";
import { linkNews, type LinkNews } from "./link/news.ts";
import type { SessionDeps } from "./link/session.ts";
import type { DirectDoor } from "./net/direct-door.ts";
import { pastDoor } from "./net/past-door.ts";
import { preflight } from "./preflight.ts";
import { applyRestore, restoreWaits } from "./restore.ts";
import { readiness } from "./readiness/probe.ts";
import { clearNode } from "./runtime/docker-clear.ts";
import { dockerRuntime } from "./runtime/docker.ts";
import type { KeptContexts } from "./runtime/kept-contexts.ts";
import { bridgeName, pathTable } from "./runtime/names.ts";
import type { Runtime } from "./runtime/runtime.ts";
import { openEventLog } from "./servers/event-log.ts";
import { serverFiles } from "./servers/files.ts";
import { lateDoor } from "./servers/late-door.ts";
import { consoleOf } from "./servers/logs.ts";
import { portsTaken } from "./servers/ports-taken.ts";
import { Registry } from "./servers/registry.ts";
import { sleepRules, type SleepRules } from "./servers/sleep-rules.ts";
import { stateFile } from "./servers/state-file.ts";
import { examine } from "./examine/examine.ts";
import { stats } from "./stats/stats.ts";
import type { World } from "./servers/world.ts";
import { keepZram, zramLabel } from "./swap/zram.ts";
import { tellOperator } from "./lib/launcher.ts";
import { serial } from "./lib/serial.ts";
import { Troubles } from "./troubles.ts";
import { identify, refuseSpoiltState, type Who } from "./who.ts";

export interface Context {
  log: Logger;
  ports: Ports;
  /** Resolves with true after the first welcome, with false after 10 s without one. */
  ready: Promise<boolean>;
  /** Rejects when this node can never work: its token is not valid, or its subnet is taken. */
  failed: Promise<never>;
  /** Stops in reverse order; game containers run on. */
  close(): Promise<void>;
}

const readyLimitMs = 10_000;
/** A control plane elsewhere is to be up; one of this machine takes its time to start. */
const linkPatienceMs = { elsewhere: 2_000, here: 20_000 };
/** How long resumed games may take to answer before the door gets its routes without them. */
const resumeLimitMs = 3_000;
const imagesAtOnce = 2;
const unitsAtOnce = 4;
const wakesAtOnce = 8;
/** Each reads and writes as much as the disk gives. */
const reclaimsAtOnce = 1;
/** Calls and words that this agent knows. */
const understands = { update: true, stats: true, examine: true, answers: true, tiers: true };
/** More than any node has servers that do the same at once. */
const waitingMax = 10_000;
/** No backup takes longer; one that does goes on, and servers may fall asleep under it. */
const backupMostMs = 6 * 3_600_000;
const busy = (): AppError => new AppError("not_ready", "This node does too much at once already. Try again shortly.");

const gates = (): World["gates"] => ({
  images: gate(imagesAtOnce, waitingMax, busy),
  units: gate(unitsAtOnce, waitingMax, busy),
  wakes: gate(wakesAtOnce, waitingMax, busy),
  reclaims: gate(reclaimsAtOnce, waitingMax, busy),
});

/** @throws ConfigError | ListenError with sentences for the operator */
export async function createContext(config: Config): Promise<Context> {
  const ports = systemPorts;
  const log = createLog(config.logLevel);
  const ended = new AbortController();
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    ended.abort(new Error("the agent stops"));
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  const troubles = new Troubles(ports, log);
  troubles.set("link", "This node has not joined its control plane yet.");
  try {
    const lock = await preflight(config, ports.timers);
    closers.push(() => lock.release());
    const clear = ({ installationId: installation, nodeId: node }: Identity): Promise<void> =>
      clearNode(config, { installation, node }, ports);
    await applyRestore({ dataDir: config.dataDir, log, clear });
    const restore = restoreWaits(config.dataDir, ports.timers);
    closers.push(restore.end);
    const { agentPort: port, agentTls: tls } = config;
    const http = await agentHttp({ port, tls, ports, log, troubles: () => troubles.all() });
    closers.push(() => http.close());
    const welcome = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    restore.waits.catch(failed.reject);
    const parts = { config, ports, log, closers, troubles, http, signal: ended.signal, onWelcome: welcome.resolve };
    void assemble(parts).catch((error: unknown) => ended.signal.aborted || failed.reject(error as Error));
    const ready = Promise.race([
      welcome.promise.then(() => true),
      ports.timers.sleep(readyLimitMs, ended.signal).then(() => false),
    ]);
    return { log, ports, ready, failed: failed.promise, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  config: Config;
  ports: Ports;
  log: Logger;
  closers: (() => unknown)[];
  troubles: Troubles;
  http: AgentHttp;
  signal: AbortSignal;
  onWelcome(): void;
}

/** Joins where needed, finds what stands, then opens the door and dials. */
async function assemble(parts: Parts): Promise<void> {
  const { config, ports, log, closers, troubles, signal } = parts;
  const fail = failpoint(failpointNames, config.failpoint, () => process.kill(process.pid, "SIGKILL"));
  const agentDir = join(config.dataDir, "agent");
  const news = newsOf(parts);
  const { identity, driven } = await identify({ ...parts, onTrouble: news.trouble }, agentDir);
  troubles.over("link");
  const events = await openEventLog(join(agentDir, "log.jsonl"), ports, log);
  closers.push(() => events.close());
  const runtime = engine(parts, identity, agentDir, driven?.contexts);
  const door = lateDoor(ports.timers);
  closers.push(() => door.close());
  watchDoor(door, troubles);
  const guards = guardsOf(parts, identity);
  const run = newId("run", ports);
  const world: World = {
    ports,
    runtime,
    readiness: readiness(ports),
    door,
    files: serverFiles(join(agentDir, "servers")),
    tell: (event) => events.append(event),
    gates: gates(),
    fail,
    log,
    run,
    policy: { portRange: config.portRange, memoryBytesMax: config.serverMemoryBytesMax },
    ...spansOf(config),
    backup: lease(ports.clock, backupMostMs),
    sleep: rulesOf(parts, runtime),
  };
  const registry = new Registry(world, stateFile(join(agentDir, "state.json"), ports, log), identity.installationId);
  closers.push(() => registry.close());
  watchEngine(runtime, parts);
  void ownSwap(parts, identity);
  await troubles.patiently("units", () => runtime.list(), signal);
  const knowsServers = await registry.open();
  if (driven && !knowsServers) await refuseSpoiltState(join(agentDir, "state.json"));
  let opened: DirectDoor | undefined;
  const openDoor = once(async () => {
    await registry.settled(resumeLimitMs);
    opened = await doorOf(parts, identity);
    if (signal.aborted) await opened.close();
    else door.attach(opened);
  });
  // Without a record of its servers the agent has no routes for a door that may still serve players.
  if (knowsServers || driven) openDoor();
  const { capabilities, ...who } = await whoIs(parts, runtime, run);
  const talk: SessionDeps = {
    ports,
    log,
    registry,
    events,
    fail,
    handlers: callHandlers(world, registry),
    introduction: async () => ({ ...who, capacity: await capacity(config) }),
    capabilities: async () => ({ ...capabilities, ...(await abilities({ runtime, door: opened, guards })) }),
    load: () => load(config.dataDir),
    onWelcome() {
      news.well();
      parts.onWelcome();
      openDoor();
    },
  };
  parts.http.serve(coreOf(parts, talk, world, { identity, driven }));
  if (driven) return parts.onWelcome();
  const connection = link({ ...talk, controlUrl: config.controlUrl, identity, onTrouble: news.trouble });
  closers.push(() => connection.close());
}

const spansOf = (config: Config): Pick<World, "minAwakeMs" | "consoleAwakeMs"> => ({
  minAwakeMs: config.minAwakeSeconds * 1000,
  consoleAwakeMs: config.consoleAwakeSeconds * 1000,
});

/** Nothing waits for it: what cannot be had is said, and `deep` is skipped. */
const ownSwap = ({ troubles, config }: Parts, { nodeId }: Identity): Promise<void> =>
  troubles.watch("zram", () => keepZram(zramLabel(nodeId), config.zramBytes)).catch(() => undefined);

function rulesOf({ config, log }: Parts, runtime: Runtime): SleepRules {
  const { paused, deep, held } = config.holdSeconds;
  const holds = { pausedMs: paused * 1000, deepMs: deep * 1000, heldMs: held * 1000 };
  return sleepRules({ runtime, holds, freeBytes: memoryFreeBytes, reserveBytes: memoryReserveBytes(config), log });
}

/** This machine, as its control plane is told it. */
async function whoIs({ troubles, signal }: Parts, runtime: Runtime, run: string) {
  const { machine, capabilities } = await troubles.patiently("host", () => runtime.probe(), signal);
  return { machine, boot: await bootId(), run, capabilities: { ...capabilities, ...understands } };
}

/** The machine's own firewall, as far as it concerns players. */
function guardsOf(parts: Parts, { installationId: installation, nodeId: node }: Identity): Guards {
  const { firewall: mode, portRange } = parts.config;
  return watchFirewall(parts, { mode, bridge: bridgeName({ installation, node }), ports: portRange });
}

/** The door's process, and the kernel beside it. */
async function doorOf({ config, ports, log, troubles, signal }: Parts, who: Identity): Promise<DirectDoor> {
  const socketPath = doorSocketPath(config.dataDir);
  const door = await troubles.patiently("door", () => doorServer({ socketPath, ports, log }), signal);
  const identity = { installation: who.installationId, node: who.nodeId };
  return pastDoor(door, {
    ports,
    bridge: bridgeName(identity),
    table: pathTable(identity),
    mode: config.path,
    onFault: (error) => log.warn({ err: error }, "the kernel's path"),
  });
}

function newsOf({ config: { controlUrl, isControlElsewhere }, ports: { timers }, troubles, closers }: Parts): LinkNews {
  const patienceMs = isControlElsewhere ? linkPatienceMs.elsewhere : linkPatienceMs.here;
  const news = linkNews({ troubles, timers, patienceMs, controlUrl, say: tellOperator });
  closers.push(news.close);
  return news;
}

/** What the HTTP API calls: the same that the link does, and on a driven node what makes it its own master. */
function coreOf(
  { config, ports, closers }: Parts,
  talk: SessionDeps,
  { runtime, files, policy, backup }: World,
  { identity, driven }: Who,
): Core {
  const { registry, handlers } = talk;
  const secrets = [identity.secret, config.nodeSecret].filter((secret) => secret !== undefined);
  if (!driven) return { secrets, registry, handlers, abilities: talk.capabilities, backup, driven: null };
  const { claim, contexts } = driven;
  const inTurn = serial();
  const drivers = sessions(talk, claim, inTurn);
  closers.push(() => drivers.end());
  const controller = (): string | null => claim.controller;
  const own = local({ ports, registry, runtime, files, policy, handlers, controller, inTurn });
  own.resume();
  return {
    secrets,
    registry,
    handlers,
    abilities: talk.capabilities,
    backup,
    driven: { local: own, sessions: drivers, contexts },
  };
}

function engine(
  { config, ports, log }: Parts,
  { nodeId, secret, installationId }: Identity,
  scratchDir: string,
  brought: KeptContexts | undefined,
): Runtime {
  const fetched = {
    url: (sha256: string) => new URL(`/agent/v1/contexts/${sha256}`, config.controlUrl).href,
    headers: () => ({ "x-node-id": nodeId, "x-node-secret": secret }),
    scratchDir,
  };
  return dockerRuntime({
    installation: installationId,
    node: nodeId,
    subnet: config.subnet,
    egress: {
      ports: config.portRange,
      closedPorts: [config.agentPort, portOf(config.controlUrl)],
      allow: config.egressAllow,
    },
    dockerHost: config.dockerHost,
    contexts: brought ?? fetched,
    imageAllow: config.imageAllow,
    dataDir: scratchDir,
    ports,
    onTrouble: (error) => log.warn({ err: error }, "the engine had trouble that mended itself"),
  });
}

const doorless =
  "The door's process is not connected: players reach no server of this node. Start it, or look at its log.";

/** Keeps `/health` honest about the door. */
function watchDoor(door: Door, troubles: Troubles): void {
  troubles.set("door-process", doorless);
  door.onConnection((connected) =>
    connected ? troubles.over("door-process") : troubles.set("door-process", doorless),
  );
}

/** Whatever flushed the packet filter meanwhile is undone by the same look. */
const engineEveryMs = 8_000;

/** Keeps `/health` honest about Docker. */
function watchEngine(runtime: Runtime, { ports, troubles, closers }: Parts): void {
  const look = (): Promise<unknown> => troubles.watch("engine", () => runtime.list()).catch(() => undefined);
  closers.push(ports.timers.every(engineEveryMs, () => void look()));
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return Number(port) || (protocol === "https:" ? 443 : 80);
}

function callHandlers(world: World, registry: Registry): CallHandlers {
  return {
    checkPorts: async (wanted) => ({ taken: await portsTaken(world, wanted) }),
    async *logs({ server, tail, follow }, signal) {
      const supervisor = registry.get(server);
      if (!supervisor) throw new AppError("not_found", `This node does not know the server ${server}.`);
      yield* consoleOf(world, supervisor, { server, tail, follow }, signal);
    },
    stats: stats({ ...world, registry }).of,
    examine: (server, signal) => examine({ ...world, registry }, server, signal),
    imageDigest: async (ref) => ({ digest: await world.runtime.registryDigest(ref) }),
  };
}

/** Begins `work` at the first call; later ones do nothing. It is to fail only when the agent stops. */
function once(work: () => Promise<void>): () => void {
  let running: Promise<void> | undefined;
  return () => void (running ??= work().catch(() => undefined));
}

/** Field names that are blanked wherever an object with them is logged by mistake. */
const secretFields = ["secret", "token", "password", "x-node-secret", "env"];

const createLog = (level: string): Logger =>
  pino({
    level,
    base: { component: "agent" },
    redact: { paths: secretFields.flatMap((field) => [`["${field}"]`, `*["${field}"]`]), censor: "[secret]" },
    formatters: { level: (label: string) => ({ level: label }) },
  });
