/** A world of one machine in memory: engine, games, door, files. An agent on it can be killed and a new one started. */
import {
  failpoint,
  gate,
  newId,
  type AgentEvent,
  type DesiredServer,
  type Players,
  type Route,
  type ServerSpec,
} from "@playspawn/shared";
import { fakePorts, type FakePorts } from "@playspawn/shared/ports/fake.ts";
import { pino } from "pino";
import type { BindFailure, Door, Knock, Refused, Traffic } from "../../door/door-client.ts";
import { failpointNames } from "../../failpoints.ts";
import type { Readiness } from "../../readiness/readiness.ts";
import { lease } from "../../idle/keep-awake.ts";
import { FakeEngine, type FakeBehaviour } from "../../runtime/fake-engine.ts";
import { fakeRuntime, type FakeRuntime } from "../../runtime/fake.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Meta, ServerFiles } from "../files.ts";
import type { Policy } from "../policy.ts";
import type { State, StateFile } from "../state-file.ts";
import type { World } from "../world.ts";

export interface FakeDoor extends Door {
  routes: Map<string, Route[]>;
  /** Modes of a server's first port, in the order they were told. */
  modes(server: string): string[];
  knock(server: string, source?: string): void;
  icons: Map<string, Buffer | null>;
  refuse(...refused: Refused[]): void;
  traffics: Map<string, Traffic>;
  failures: BindFailure[];
  connect(connected: boolean): void;
}

export function fakeDoor(): FakeDoor {
  const routes = new Map<string, Route[]>();
  const told = new Map<string, string[]>();
  const onKnock: ((knock: Knock) => void)[] = [];
  const onRefused: ((refused: readonly Refused[]) => void)[] = [];
  const onConnection: ((connected: boolean) => void)[] = [];
  const door: FakeDoor = {
    routes,
    traffics: new Map(),
    failures: [],
    modes: (server) => told.get(server) ?? [],
    knock(server, source = "192.0.2.7:40000") {
      for (const listener of onKnock) listener({ server, port: "game", source });
    },
    refuse(...refused) {
      for (const listener of onRefused) listener(refused);
    },
    connect(connected) {
      for (const listener of onConnection) listener(connected);
    },
    setRoutes(server, table) {
      if (JSON.stringify(routes.get(server) ?? []) === JSON.stringify(table)) return;
      if (table.length > 0) routes.set(server, table);
      else routes.delete(server);
      told.set(server, [...(told.get(server) ?? []), table[0]?.mode ?? "gone"]);
    },
    icons: new Map(),
    setIcon: (server, png) => void door.icons.set(server, png),
    settled: () => Promise.resolve(door.failures),
    traffic: (server) => door.traffics.get(server),
    check: () => Promise.resolve([]),
    onKnock: (listener) => void onKnock.push(listener),
    onRefused: (listener) => void onRefused.push(listener),
    onConnection: (listener) => void onConnection.push(listener),
    close: () => Promise.resolve(),
  };
  return door;
}

/** Ready once the game said so; who plays is what the test says. */
export interface FakeReadiness extends Readiness {
  /** Servers whose games never answer the probe. */
  mute: Set<string>;
  /** Who plays, by address; `silent` does not answer. Nobody where nothing is said. */
  playing: Map<string, Players | "silent">;
}

export function fakeReadiness(): FakeReadiness {
  const mute = new Set<string>();
  const playing = new Map<string, Players | "silent">();
  return {
    mute,
    playing,
    async untilReady({ address, spec, lines }, signal) {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      aborted.promise.catch(() => undefined);
      signal.addEventListener("abort", () => aborted.reject(signal.reason as Error), { once: true });
      const asks = spec.readiness.anyOf.some((probe) => !("log" in probe));
      const up = async (): Promise<void> => {
        if (asks && !mute.has(address)) return;
        for await (const line of lines) if (line === "up" && !mute.has(address)) return;
        await aborted.promise;
      };
      await Promise.race([up(), aborted.promise]);
    },
    players({ address }) {
      const answer = playing.get(address) ?? { online: 0, max: 8, names: [] };
      return answer === "silent" ? Promise.reject(new Error("no answer")) : Promise.resolve(answer);
    },
    about: () => Promise.resolve({ name: "The tiny one" }),
    rcon: () => Promise.resolve("done"),
  };
}

export interface FakeFiles extends ServerFiles {
  metas: Map<string, Meta>;
  logs: Map<string, { startedAt: number; lines: readonly string[] }[]>;
}

export function fakeFiles(): FakeFiles {
  const metas = new Map<string, Meta>();
  const logs: FakeFiles["logs"] = new Map();
  return {
    metas,
    logs,
    async prepare(server, { ports }, generation) {
      const first = { clean: true, ports: ports.map((port) => port.public) };
      if (!metas.has(server)) metas.set(server, { ...first, generation, uid: 210_000 + metas.size });
      return { user: "210000:210000", dataDir: `/data/${server}` };
    },
    meta: async (server) => metas.get(server) ?? null,
    async setMeta(server, change) {
      const meta = metas.get(server);
      if (meta) metas.set(server, { ...meta, ...change });
    },
    async keepLog(server, startedAt, lines) {
      const runs = logs.get(server) ?? [];
      if (!runs.some((run) => run.startedAt === startedAt)) logs.set(server, [...runs, { startedAt, lines }]);
    },
    keptLog: async (server, tail) =>
      tail === 0 ? [] : (logs.get(server) ?? []).flatMap((run) => run.lines).slice(-tail),
    icon: async () => Buffer.from("icon"),
    async purge(server) {
      metas.delete(server);
      logs.delete(server);
    },
  };
}

export function fakeState(): StateFile & { state: State | null } {
  const file: StateFile & { state: State | null } = {
    state: null,
    load: () => Promise.resolve(file.state && { ...structuredClone(file.state), whole: true }),
    save: (read) => void (file.state = structuredClone(read())),
    settled: () => Promise.resolve(true),
  };
  return file;
}

/** Saves on `save`, stops on SIGTERM, as the templates below ask for; every part can be told to misbehave. */
export interface Manners {
  /** Server ids whose games do not save. */
  unsaving: Set<string>;
  /** Server ids whose games ignore SIGTERM. */
  stubborn: Set<string>;
  /** Server ids whose games end with this code at once. */
  crashing: Map<string, number>;
  /** Server ids whose games end with this code when they are asked to. */
  stopCodes: Map<string, number>;
}

const behaviour = (manners: Manners): FakeBehaviour => ({
  onStart(game) {
    const code = manners.crashing.get(game.server);
    game.print(code === undefined ? "up" : "I fall");
    if (code !== undefined) game.exit(code);
  },
  onStdin(game, line) {
    if (line === "save" && !manners.unsaving.has(game.server)) game.print("saved");
  },
  onSignal(game, signal) {
    if (signal === "SIGKILL") game.exit(137);
    else if (!manners.stubborn.has(game.server)) game.exit(manners.stopCodes.get(game.server) ?? 0);
  },
});

export interface Machine {
  ports: FakePorts;
  engine: FakeEngine;
  door: FakeDoor;
  readiness: FakeReadiness;
  files: FakeFiles;
  stateFile: ReturnType<typeof fakeState>;
  manners: Manners;
  /** The operator's, changed by a test. */
  policy: Policy;
  events: Omit<AgentEvent, "n" | "at">[];
  /** What it can do with sleepers, and whether its memory is short. */
  memory: { ability: { pause: boolean; deep: boolean }; short: boolean };
  /** A world for a new agent; `kill` makes everything it still tries hang for ever, as death does. */
  agent(): { world: World; runtime: FakeRuntime; kill(): void };
}

export const installation = "inst_00000000000000000000000001";
const node = "node_00000000000000000000000001";

export interface MachineOptions {
  holdHeldMs?: number;
  minAwakeMs?: number;
  /** It can pause games and move their memory out. */
  freezes?: boolean;
}

export function machine(options: MachineOptions = {}): Machine {
  const policy: Policy = { portRange: { from: 20_000, to: 29_999 }, memoryBytesMax: null };
  const ports = fakePorts();
  const manners: Manners = { unsaving: new Set(), stubborn: new Set(), crashing: new Map(), stopCodes: new Map() };
  const engine = new FakeEngine(ports, behaviour(manners));
  const shared = {
    ports,
    engine,
    door: fakeDoor(),
    readiness: fakeReadiness(),
    files: fakeFiles(),
    stateFile: fakeState(),
  };
  const events: Machine["events"] = [];
  const freezes = options.freezes ?? false;
  const memory = { ability: { pause: freezes, deep: freezes }, short: false };
  return {
    ...shared,
    memory,
    policy,
    manners,
    events,
    agent() {
      const runtime = fakeRuntime({ installation, node, ports, engine });
      let dead = false;
      const alive = <T extends object>(thing: T): T => mortal(thing, () => dead);
      const world: World = {
        ports,
        runtime: alive(runtime as Runtime),
        readiness: shared.readiness,
        door: alive(shared.door as Door),
        files: alive(shared.files as ServerFiles),
        tell: (event) => void (dead || events.push(event)),
        gates: {
          images: gate(2, 1000, Error),
          units: gate(4, 1000, Error),
          wakes: gate(4, 1000, Error),
          reclaims: gate(1, 1000, Error),
        },
        fail: failpoint(failpointNames, undefined, () => undefined),
        log: pino({ level: "silent" }),
        run: newId("run", ports),
        policy,
        minAwakeMs: options.minAwakeMs ?? 0,
        consoleAwakeMs: 1_800_000,
        backup: lease(ports.clock, 3_600_000),
        sleep: {
          holds: { pausedMs: 60_000, deepMs: 3_540_000, heldMs: options.holdHeldMs ?? 3_600_000 },
          ability: () => memory.ability,
          short: () => memory.short,
          look: () => Promise.resolve(),
        },
      };
      return { world, runtime, kill: () => void (dead = true) };
    },
  };
}

const never = new Promise<never>(() => undefined);

/** The same thing until `isDead`; from then on every call is made by nobody and never answered. */
function mortal<T extends object>(thing: T, isDead: () => boolean): T {
  return new Proxy(thing, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (isDead()) return never;
        const result = (value as (...args: unknown[]) => unknown).apply(target, args);
        if (!(result instanceof Promise)) return result;
        return result.then(
          (answer: unknown) => (isDead() ? never : answer),
          (error: unknown) => (isDead() ? never : Promise.reject(error as Error)),
        );
      };
    },
  });
}

export const spec = (change: Partial<ServerSpec> = {}): ServerSpec => ({
  game: "tiny",
  image: { ref: "tiny:1" },
  env: {},
  ports: [{ name: "game", protocol: "udp", container: 8303, public: 20_000 }],
  volumes: { world: "/data" },
  user: "auto",
  profile: "strict",
  cpu: 1,
  memoryBytes: 64 * 1024 ** 2,
  readiness: { anyOf: [{ log: "up" }], limitSeconds: 30 },
  save: { stdin: "save", until: "^saved$", limitSeconds: 5 },
  stop: { signal: "SIGTERM", limitSeconds: 10 },
  players: { query: "teeworlds", port: "game" },
  ...change,
});

export const desired = (id: string, change: Partial<DesiredServer> = {}): DesiredServer => ({
  id,
  gen: 1,
  want: "auto",
  kick: null,
  idleSeconds: 900,
  onDisconnect: "keep",
  grant: { id: "grant", microCredits: null },
  purge: false,
  spec: spec(),
  ...change,
});
