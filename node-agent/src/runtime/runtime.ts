/**
 * What an agent needs of a container engine, and no more. A server is one unit here: its bridge address, its holder
 * (a tiny container that owns the network namespace) and its game container, which joins the holder's network.
 * `docker.ts` is the real one, `fake.ts` the one for tests; one contract test runs through both.
 */
import { AppError, type Progress, type ServerSpec } from "@playspawn/shared";

/** What exists of one server, read from labels of containers of this installation and node. */
export interface Unit {
  server: string;
  /** `running`: it runs, and has done so for as long as a running game has; a game below it would be cut off otherwise. */
  holder: { running: boolean; address: string } | null;
  game: {
    /** Paused or not. */
    running: boolean;
    /** Its processes are frozen. */
    paused: boolean;
    /** Desired generation it was made for. */
    generation: number;
    /** `specHash` it was made from. */
    specHash: string;
    /** UTC ms; null when it never ran. */
    startedAt: number | null;
    /** Of the last run; null while running or when it never ran. */
    exit: Exit | null;
  } | null;
}

export interface Exit {
  code: number;
  outOfMemory: boolean;
  /** UTC ms. */
  at: number;
}

/** What a server's containers are called. */
export interface Containers {
  /** Container ids; null for one that is not there. */
  game: string | null;
  holder: string | null;
  /** Name of the node's network. */
  network: string;
}

/** What a running game is made of, and what listens in its network. */
export interface Inside {
  imageId: string;
  /** `repository@sha256:…` of every registry that the image is known to come from. */
  digests: string[];
  listening: { protocol: "tcp" | "udp"; port: number }[];
}

/** What a running game uses. */
export interface Consumption {
  /** Processor time so far, in ms of one core. */
  cpuMs: number;
  /** Without the page cache that is given back first. */
  memoryBytes: number;
  memoryLimitBytes: number;
  /** Through the server's own network so far, seen from the game; null where it cannot be told. */
  network: { inBytes: number; outBytes: number } | null;
  /** From and to disks so far. */
  disk: { readBytes: number; writtenBytes: number } | null;
}

/** How much of a game's memory is in the machine's, before and after it was moved out, in bytes. */
export interface Reclaimed {
  before: number;
  after: number;
}

/** What this machine can do with a sleeper's memory; each is true or why not, as a sentence. */
export interface SleepAbilities {
  pause: true | string;
  deep: { to: "zram" | "swap" } | string;
}

export interface GamePlan {
  server: string;
  generation: number;
  spec: ServerSpec;
  specHash: string;
  /** From `ensureImage`. */
  image: string;
  /** Owner of the data directory, `uid:gid`. */
  user: string;
  /** Folder on the host that holds one folder per volume. */
  dataDir: string;
}

export type RuntimeEvent =
  | { kind: "holder_exit"; server: string }
  | { kind: "game_exit"; server: string; exit: Exit }
  /** The stream begins here or was interrupted: read the state anew, from here on nothing is missed. Comes first, always. */
  | { kind: "resync" };

export interface Runtime {
  /**
   * Machine and engine identity for `hello`, e.g. `{machine: "<engine id>", capabilities: {cgroup: "v1", nofile: 20000}}`.
   * @throws AppError not_ready when the engine does not see our data folder as we do
   */
  probe(): Promise<{ machine: string; capabilities: Record<string, string | number | boolean> }>;
  /** Every unit of this installation and node; nothing foreign. */
  list(): Promise<Unit[]>;
  /**
   * Pulls or builds until the image is there; answers its id.
   * @throws AppError image_not_found | image_pull_failed | image_build_failed | docker_unavailable | disk_full
   */
  ensureImage(spec: ServerSpec, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<string>;
  /** Bridge there, holder running on its own address, its bridge port isolated. Idempotent. Answers the address. */
  ensureHolder(server: string): Promise<string>;
  /**
   * A game container exists that was made from `plan.specHash` and joins the present holder. Idempotent: one that fits
   * stays, running or not. @throws AppError conflict when one that does not fit is running; holder_lost without a holder
   */
  ensureGame(plan: GamePlan): Promise<void>;
  /** Nothing when it runs already. @throws AppError start_failed | holder_lost | not_found */
  startGame(server: string): Promise<void>;
  /** Freezes the game's processes; nothing when they are. @throws AppError conflict when the game does not run; not_found */
  pauseGame(server: string): Promise<void>;
  /** Thaws them, with their memory limits as before; nothing when they run. @throws AppError conflict when the game does not run; not_found */
  resumeGame(server: string): Promise<void>;
  /**
   * Moves a paused game's memory out of the machine's, as far as it goes; seconds. Once `signal` aborts no more is begun.
   * @throws AppError conflict when the game is not paused; not_found; internal when this machine cannot
   */
  reclaimGame(server: string, signal: AbortSignal): Promise<Reclaimed>;
  /** Read anew: swap comes and goes. Nothing is known before `probe` was answered. */
  sleepAbilities(): Promise<SleepAbilities>;
  /** Sends a signal, e.g. `SIGTERM`; nothing when the game is not running. One that is paused is thawed by it. */
  signalGame(server: string, signal: string): Promise<void>;
  /**
   * Resolves with the exit once the game has stopped (at once when it already has); outlasts an engine that is away.
   * @throws AppError not_found without a container; the signal's reason when it aborts
   */
  waitGame(server: string, signal: AbortSignal): Promise<Exit>;
  /** One line to the game's stdin; the line break is added. @throws AppError conflict when the game is not running */
  writeStdin(server: string, line: string): Promise<void>;
  /**
   * Lines of stdout and stderr of the present container, oldest first; with `follow` until the game ends or the signal
   * aborts. Nothing without a container. `since`: UTC ms. Lines are cut at 8 KiB; where some were lost a line says so.
   */
  logs(
    server: string,
    options: { tail: number; follow: boolean; since?: number; signal: AbortSignal },
  ): AsyncIterable<string>;
  /** Gone afterwards, whatever it was before. Idempotent. */
  removeGame(server: string): Promise<void>;
  removeHolder(server: string): Promise<void>;
  containers(server: string): Promise<Containers>;
  /** null when the game does not run. Cheap enough for every server every second. @throws AppError internal where it is counted nowhere */
  consumption(server: string): Promise<Consumption | null>;
  /** null when the game does not run. */
  inside(server: string): Promise<Inside | null>;
  /** `sha256:…` that a reference means in its registry now. @throws AppError image_not_allowed | image_not_found | image_pull_failed */
  registryDigest(ref: string): Promise<string>;
  /** Host ports that containers (anyone's) publish. */
  publishedPorts(): Promise<{ protocol: "tcp" | "udp"; port: number; by: string }[]>;
  /**
   * Ends when the signal aborts; reconnects by itself and then says `resync`, as it does first of all.
   * Exits that the caller brought about are told as well; the same exit may be told twice.
   */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
}

export const unseenFolder = (dataDir: string): AppError =>
  new AppError(
    "not_ready",
    `Docker does not find at ${dataDir} what this agent has there, so servers would get other files. Mount the data folder into the agent's container at the same absolute path as on the host, and start again.`,
  );
