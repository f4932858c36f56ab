/** The runtime of tests: same behaviour as `docker.ts`, in memory, with failures on demand. */
import { AppError, type Ports } from "@playspawn/shared";
import { FakeEngine, type FakeContainer, type FakeUnit } from "./fake-engine.ts";
import type { Identity } from "./names.ts";
import { unseenFolder, type GamePlan, type Runtime, type Unit } from "./runtime.ts";

export type RuntimeMethod = Exclude<keyof Runtime, "events" | "logs">;

export interface FakeRuntime extends Runtime {
  engine: FakeEngine;
  /** Calls so far, in order. */
  calls: { method: RuntimeMethod; server?: string }[];
  /** The next `times` calls of `method` reject with `error`. */
  fail(method: RuntimeMethod, error: Error, times?: number): void;
  /** Calls of `method` wait until the answered function is called. */
  hold(method: RuntimeMethod): () => void;
}

export interface FakeRuntimeOptions extends Identity {
  ports: Ports;
  engine?: FakeEngine;
  /** The agent's folder, as for the real one. */
  dataDir?: string;
  /** Address of the n-th holder, n from 0; default 10.213.0.2 and up. */
  address?: (n: number) => string;
}

type Bare = Omit<Runtime, "events" | "logs">;

/** A runtime over `engine` (an empty one when none is given). Two runtimes over one engine stand for a restarted agent. */
export function fakeRuntime(options: FakeRuntimeOptions): FakeRuntime {
  const engine = options.engine ?? new FakeEngine(options.ports);
  const calls: FakeRuntime["calls"] = [];
  const failures = new Map<RuntimeMethod, Error[]>();
  const gates = new Map<RuntimeMethod, Promise<void>>();
  const bare = bareRuntime(engine, options);

  const guarded = <M extends RuntimeMethod>(method: M): Bare[M] => {
    const call = async (...args: unknown[]): Promise<unknown> => {
      const first = args[0] as { server?: string } | string | undefined;
      const server = typeof first === "string" ? first : first?.server;
      calls.push({ method, ...(server === undefined ? {} : { server }) });
      await gates.get(method);
      const error = failures.get(method)?.shift();
      if (error) throw error;
      return (bare[method] as (...args: unknown[]) => Promise<unknown>)(...args);
    };
    return call as Bare[M];
  };
  const methods = Object.fromEntries(
    (Object.keys(bare) as RuntimeMethod[]).map((m) => [m, guarded(m)]),
  ) as never as Bare;
  return {
    ...methods,
    engine,
    calls,
    fail(method, error, times = 1) {
      failures.set(method, [...(failures.get(method) ?? []), ...Array.from({ length: times }, () => error)]);
    },
    hold(method) {
      const gate = Promise.withResolvers<void>();
      gates.set(method, gate.promise);
      return () => {
        gates.delete(method);
        gate.resolve();
      };
    },
    logs: (server, request) => fakeLogs(engine, own(engine, options), server, request),
    events: (signal) => fakeEvents(engine, options, signal),
  };
}

/** Units of this identity only, as if the others were not there. */
const own =
  (engine: FakeEngine, { installation, node }: Identity) =>
  (server: string): FakeUnit | undefined => {
    const unit = engine.units.get(server);
    return unit?.owner.installation === installation && unit.owner.node === node ? unit : undefined;
  };

const bareRuntime = (engine: FakeEngine, options: FakeRuntimeOptions): Bare => ({
  ...engineCalls(engine, options),
  ...unitCalls(engine, options),
  ...gameCalls(engine, options),
});

type EngineCalls = Pick<
  Bare,
  "probe" | "list" | "ensureImage" | "publishedPorts" | "containers" | "consumption" | "inside" | "registryDigest"
>;
type UnitCalls = Pick<Bare, "ensureHolder" | "ensureGame" | "removeGame" | "removeHolder">;

function engineCalls(engine: FakeEngine, options: FakeRuntimeOptions): EngineCalls {
  const { dataDir = "" } = options;
  const find = own(engine, options);
  return {
    async probe() {
      if (engine.unseen.has(dataDir)) throw unseenFolder(dataDir);
      return { machine: "fake", capabilities: { cgroup: "v2", nofile: 65_536, isolatedPorts: true } };
    },
    list: () => Promise.resolve([...engine.units.keys()].filter(find).map((server) => toUnit(server, find(server)!))),
    async ensureImage(spec, onProgress, signal) {
      signal.throwIfAborted();
      const image = "ref" in spec.image ? spec.image.ref : `playspawn/${spec.game}:${spec.image.context.slice(0, 12)}`;
      if (image.startsWith("missing/")) throw new AppError("image_not_found", `The image ${image} does not exist.`);
      onProgress({ step: "image", text: `Pulling ${image}`, done: 1, total: 1, unit: "bytes" });
      engine.images.add(image);
      return image;
    },
    publishedPorts: () => Promise.resolve([...engine.published]),
    containers: (server) => {
      const unit = find(server);
      const game = unit?.game ? `game-${server}` : null;
      return Promise.resolve({ game, holder: unit?.holder ? `holder-${unit.holder.id}` : null, network: "fake" });
    },
    inside: async (server) => {
      const game = find(server)?.game;
      if (!game?.running) return null;
      const { ports, internalPorts = [] } = game.plan.spec;
      const listening = [...ports, ...internalPorts].map(({ protocol, container }) => ({ protocol, port: container }));
      return { imageId: game.plan.image, digests: [], listening };
    },
    registryDigest: async (ref) => {
      if (ref.startsWith("missing/")) throw new AppError("image_not_found", `The image ${ref} does not exist.`);
      return `sha256:${"d".repeat(64)}`;
    },
    consumption: async (server) => {
      const game = find(server)?.game;
      if (!game?.running || game.startedAt === null) return null;
      // Half a core, and a quarter of its memory.
      const cpuMs = (options.ports.clock.now() - game.startedAt) / 2;
      const memoryLimitBytes = game.plan.spec.memoryBytes;
      const [network, disk] = [
        { inBytes: cpuMs * 10, outBytes: cpuMs * 40 },
        { readBytes: 0, writtenBytes: cpuMs },
      ];
      return { cpuMs, memoryBytes: memoryLimitBytes / 4, memoryLimitBytes, network, disk };
    },
  };
}

function unitCalls(engine: FakeEngine, options: FakeRuntimeOptions): UnitCalls {
  const { installation, node } = options;
  const find = own(engine, options);
  const prune = (server: string): void => {
    const unit = engine.units.get(server);
    if (unit && !unit.holder && !unit.game) engine.units.delete(server);
    engine.touch();
  };
  return {
    async ensureHolder(server) {
      const unit = find(server) ?? { owner: { installation, node }, holder: null, game: null };
      engine.units.set(server, unit);
      unit.holder ??= {
        id: engine.nextId(),
        running: false,
        address: lowestFree(engine, options.address),
        startedNth: 0,
      };
      if (!unit.holder.running) Object.assign(unit.holder, { running: true, startedNth: engine.nextId() });
      engine.touch();
      return unit.holder.address;
    },
    async ensureGame(plan) {
      const unit = find(plan.server);
      if (!unit?.holder?.running) throw noHolder(plan.server);
      if (unit.game?.plan.specHash === plan.specHash && unit.game.holder === unit.holder.id) return;
      if (unit.game?.running) throw stillRuns(plan.server);
      unit.game = stopped(plan, unit.holder.id);
    },
    async removeGame(server) {
      const unit = find(server);
      if (!unit?.game) return;
      engine.stop(server, { code: 137, outOfMemory: false });
      unit.game = null;
      prune(server);
    },
    async removeHolder(server) {
      const unit = find(server);
      if (!unit?.holder) return;
      engine.dropHolder(server);
      unit.holder = null;
      prune(server);
    },
  };
}

function gameCalls(engine: FakeEngine, options: FakeRuntimeOptions): Omit<Bare, keyof EngineCalls | keyof UnitCalls> {
  const find = own(engine, options);
  const gameOf = (server: string): FakeContainer => {
    const game = find(server)?.game;
    if (!game) throw noGame(server);
    return game;
  };
  return {
    async startGame(server) {
      const game = gameOf(server);
      const holder = find(server)!.holder;
      if (!holder?.running || holder.id !== game.holder) throw noHolder(server);
      if (!game.running) engine.start(server);
    },
    async signalGame(server, signal) {
      if (find(server)) engine.signal(server, signal);
    },
    async pauseGame(server) {
      if (!gameOf(server).running) throw notRunning(server);
      engine.pause(server, true);
    },
    async resumeGame(server) {
      if (!gameOf(server).running) throw notRunning(server);
      engine.pause(server, false);
    },
    async reclaimGame(server, signal) {
      signal.throwIfAborted();
      const game = gameOf(server);
      if (!game.running || !game.paused) throw notPaused(server);
      const before = game.plan.spec.memoryBytes / 4;
      return { before, after: engine.stuck.has(server) ? before : before / 100 };
    },
    sleepAbilities: () => Promise.resolve({ ...engine.abilities }),
    async waitGame(server, signal) {
      const game = gameOf(server);
      const aborted = Promise.withResolvers<never>();
      aborted.promise.catch(() => {});
      signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
      while (game.running) {
        signal.throwIfAborted();
        await Promise.race([engine.changed(), aborted.promise]);
      }
      return game.exit ?? { code: 0, outOfMemory: false, at: options.ports.clock.now() };
    },
    async writeStdin(server, line) {
      const { running, paused } = gameOf(server);
      if (!running || paused) throw notRunning(server);
      engine.stdin(server, line);
    },
  };
}

const stopped = (plan: GamePlan, holder: number): FakeContainer => ({
  plan,
  holder,
  running: false,
  paused: false,
  startedAt: null,
  startedNth: 0,
  exit: null,
  lines: [],
  stdin: [],
});

const noGame = (server: string): AppError =>
  new AppError("not_found", `There is no game container of server ${server} on this node.`);
const noHolder = (server: string): AppError =>
  new AppError("holder_lost", `The network holder of server ${server} is not running.`);
const stillRuns = (server: string): AppError =>
  new AppError("conflict", `The game of server ${server} still runs with other settings; stop it first.`);
const notPaused = (server: string): AppError => new AppError("conflict", `The game of server ${server} is not paused.`);
const notRunning = (server: string): AppError =>
  new AppError("conflict", `The game of server ${server} is not running.`);

function toUnit(server: string, unit: FakeUnit): Unit {
  const { holder, game } = unit;
  const detached = holder !== null && game !== null && game.running && holder.startedNth > game.startedNth;
  return {
    server,
    holder: holder && { running: holder.running && !detached, address: holder.address },
    game: game && {
      running: game.running,
      paused: game.running && game.paused,
      generation: game.plan.generation,
      specHash: game.plan.specHash,
      startedAt: game.startedAt,
      exit: game.exit,
    },
  };
}

function lowestFree(engine: FakeEngine, address = (n: number): string => `10.213.0.${n + 2}`): string {
  const used = new Set([...engine.units.values()].map((unit) => unit.holder?.address));
  let n = 0;
  while (used.has(address(n))) n++;
  return address(n);
}

async function* fakeLogs(
  engine: FakeEngine,
  find: (server: string) => FakeUnit | undefined,
  server: string,
  { tail, follow, since, signal }: Parameters<Runtime["logs"]>[1],
): AsyncGenerator<string> {
  const game = find(server)?.game;
  if (!game) return;
  const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  const fresh = game.lines.filter((line) => line.at >= (since ?? 0));
  let position = game.lines.length;
  for (const line of tail === 0 ? [] : fresh.slice(-tail)) yield line.text;
  while (follow && !signal.aborted) {
    while (position < game.lines.length) yield game.lines[position++]!.text;
    if (!game.running || find(server)?.game !== game) return;
    await Promise.race([engine.changed(), stopped]);
  }
}

async function* fakeEvents(engine: FakeEngine, owner: Identity, signal: AbortSignal) {
  const events = engine.subscribe(owner);
  signal.addEventListener("abort", () => events.close(), { once: true });
  if (signal.aborted) events.close();
  try {
    yield* events;
  } finally {
    engine.unsubscribe(events);
  }
}
