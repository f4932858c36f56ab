/** A container engine in memory: what `fakeRuntime` runs on. Shared by several runtimes it stands for one machine. */
import type { Ports } from "@playspawn/shared";
import { channel, type Channel } from "./channel.ts";
import type { Identity } from "./names.ts";
import type { Exit, GamePlan, RuntimeEvent, SleepAbilities } from "./runtime.ts";

export interface FakeHolder {
  id: number;
  running: boolean;
  address: string;
  /** Order of its last start among all starts. */
  startedNth: number;
}

export interface FakeContainer {
  plan: GamePlan;
  /** The holder it joined. */
  holder: number;
  running: boolean;
  paused: boolean;
  startedAt: number | null;
  startedNth: number;
  exit: Exit | null;
  lines: { at: number; text: string }[];
  stdin: string[];
}

/** What the pretended game does; the default behaves like the small shell script of the contract test. */
export interface FakeBehaviour {
  onStart(game: FakeGame): void;
  onStdin(game: FakeGame, line: string): void;
  onSignal(game: FakeGame, signal: string): void;
}

export interface FakeGame {
  server: string;
  plan: GamePlan;
  print(line: string): unknown;
  exit(code: number): unknown;
}

/** Prints `up` at once, answers a line with `got <line>`, ends on the line `quit` and on any signal. */
export const echoGame: FakeBehaviour = {
  onStart: (game) => game.print("up"),
  onStdin(game, line) {
    if (line === "quit") return game.exit(0);
    game.print(`got ${line}`);
  },
  onSignal(game, signal) {
    if (signal !== "SIGKILL") game.print("bye");
    game.exit(signal === "SIGKILL" ? 137 : 0);
  },
};

export interface FakeUnit {
  owner: Identity;
  holder: FakeHolder | null;
  game: FakeContainer | null;
}

const linesKept = 10_000;

/** What machine it is to its users: units by server id, image references that exist, ports that strangers publish. */
export class FakeEngine {
  readonly units = new Map<string, FakeUnit>();
  readonly images = new Set<string>();
  /** Folders of an agent that this engine does not see. */
  readonly unseen = new Set<string>();
  /** What it can do with a sleeper's memory. */
  readonly abilities: SleepAbilities = { pause: true, deep: { to: "swap" } };
  /** Servers whose memory does not leave. */
  readonly stuck = new Set<string>();
  readonly published: { protocol: "tcp" | "udp"; port: number; by: string }[] = [];
  readonly #subscribers = new Map<Channel<RuntimeEvent>, Identity>();
  readonly #clock: Ports["clock"];
  readonly #behaviour: FakeBehaviour;
  #ids = 0;
  #waiting: (() => void)[] = [];

  /** An empty engine. `behaviour` is what games on it do. */
  constructor(ports: Ports, behaviour: FakeBehaviour = echoGame) {
    this.#clock = ports.clock;
    this.#behaviour = behaviour;
  }

  nextId(): number {
    return ++this.#ids;
  }

  start(server: string): void {
    const game = this.units.get(server)!.game!;
    Object.assign(game, {
      running: true,
      paused: false,

      startedAt: this.#clock.now(),
      startedNth: this.nextId(),
      exit: null,
    });
    this.#notify();
    this.#behaviour.onStart(this.#handle(server, game));
  }

  /** The game process ends, by itself or not. */
  stop(server: string, { code, outOfMemory }: { code: number; outOfMemory: boolean }): void {
    const unit = this.units.get(server);
    if (!unit?.game?.running) return;
    unit.game.running = false;
    unit.game.exit = { code, outOfMemory, at: this.#clock.now() };
    this.#tell(unit.owner, { kind: "game_exit", server, exit: unit.game.exit });
  }

  signal(server: string, signal: string): void {
    const game = this.units.get(server)?.game;
    if (!game?.running) return;
    game.paused = false;
    this.#behaviour.onSignal(this.#handle(server, game), signal);
  }

  pause(server: string, paused: boolean): void {
    const game = this.units.get(server)?.game;
    if (game?.running) game.paused = paused;
    this.#notify();
  }

  stdin(server: string, line: string): void {
    const game = this.units.get(server)?.game;
    if (!game?.running) return;
    game.stdin.push(line);
    this.#behaviour.onStdin(this.#handle(server, game), line);
  }

  print(server: string, text: string): void {
    const lines = this.units.get(server)?.game?.lines;
    lines?.push({ at: this.#clock.now(), text });
    if (lines && lines.length > linesKept) lines.shift();
    this.#notify();
  }

  dropHolder(server: string): void {
    const unit = this.units.get(server);
    if (!unit?.holder?.running) return;
    unit.holder.running = false;
    this.#tell(unit.owner, { kind: "holder_exit", server });
  }

  /** Resolves at the next change of anything. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  subscribe(owner: Identity): Channel<RuntimeEvent> {
    const events = channel<RuntimeEvent>(1000, () => [{ kind: "resync" }]);
    events.push({ kind: "resync" });
    this.#subscribers.set(events, owner);
    return events;
  }

  unsubscribe(events: Channel<RuntimeEvent>): void {
    this.#subscribers.delete(events);
  }

  /** As when the engine was restarted: every event stream breaks and comes back. */
  interrupt(): void {
    for (const events of this.#subscribers.keys()) events.push({ kind: "resync" });
  }

  /** Wakes whoever waits in `changed`. */
  touch(): void {
    this.#notify();
  }

  #handle(server: string, game: FakeContainer): FakeGame {
    const present = (): boolean => this.units.get(server)?.game === game;
    return {
      server,
      plan: game.plan,
      print: (line) => present() && this.print(server, line),
      exit: (code) => present() && this.stop(server, { code, outOfMemory: false }),
    };
  }

  #tell(owner: Identity, event: RuntimeEvent): void {
    for (const [events, who] of this.#subscribers)
      if (who.installation === owner.installation && who.node === owner.node) events.push(event);
    this.#notify();
  }

  #notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
