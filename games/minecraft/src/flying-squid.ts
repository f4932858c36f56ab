/** What this server uses of flying-squid 1.12 and of its world, which come without types. */

export interface Chunk {
  toJson(): string;
}

export interface Region {
  q: Promise<unknown>;
  file?: { datasync(): Promise<void> };
}

export interface ChunkStore {
  regions: Record<string, Region>;
  load(x: number, z: number): Promise<Chunk | null>;
  /** Takes the chunk's contents before it first waits. */
  save(x: number, z: number, chunk: Chunk): Promise<void>;
}

export interface Place {
  chunkX: number;
  chunkZ: number;
}

export interface World {
  /** Loaded chunks by `x,z`. */
  columns: Record<string, Chunk>;
  /** Changed chunks by `x,z`; every change sets a fresh value. */
  savingQueue: Map<string, Place>;
  /** Chunks to forget once they are saved. */
  unloadQueue: Map<string, Place>;
  storageProvider: ChunkStore | null;
  chunkGenerator: (x: number, z: number) => Chunk;
  stopSaving(): void;
  getColumn(x: number, z: number): Promise<Chunk>;
  forceUnloadColumn(key: string, x: number, z: number): void;
}

export interface Player {
  username: string;
  uuid: string;
  save(): Promise<void>;
  kick(reason: string): void;
  once(event: "disconnected", listener: () => void): void;
}

export interface Command {
  base: string;
  info: string;
  usage: string;
  op: boolean;
  action(): void | Promise<void>;
}

interface StatusAnswer {
  players: { sample: { name: string; id: string }[] };
}

/** `false` closes the connection without an answer. */
export type BeforePing = (
  answer: StatusAnswer,
  client: unknown,
  reply: (error: null, answer: StatusAnswer | false) => void,
) => void;

export interface Server {
  players: Player[];
  overworld: World;
  netherworld: World;
  commands: { add(command: Command): void };
  registry: unknown;
  log(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  err(message: string): void;
  debug: undefined;
  createLog(): void;
  handleCommand(line: string): Promise<void>;
  on(event: "newPlayer", listener: (player: Player) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "clientError", listener: (client: { username?: string }, error: Error) => void): void;
  once(event: "pluginsReady" | "listening", listener: () => void): void;
  _server: { close(): void };
}

/** A plugin of flying-squid: called with each new server and each new player. */
export interface Plugin {
  server?(server: Server): void;
  player?(player: Player & { on(event: string, listener: (...args: never[]) => void): void }, server: Server): void;
}

export interface FlyingSquid {
  createMCServer(options: Record<string, unknown>): Server;
}
