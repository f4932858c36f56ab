/**
 * One player's TCP connection, from accept to end: greets, waits while the server sleeps, is relayed once it is awake.
 * What it sent meanwhile is kept in order and delivered first.
 */
import type { Socket } from "node:net";
import { type Route, addressKey } from "@playspawn/shared";
import { mayWake, notAllowedText } from "./allow.ts";
import type { GateContext } from "./gate.ts";
import { HoldBuffer } from "./hold-buffer.ts";
import { knockAt, type Knocking } from "./knocks.ts";
import type { Greeter, Greeting } from "./protocols/greeter.ts";
import { greeterFor } from "./protocols/protocols.ts";
import { laterText } from "./protocols/words.ts";
import { dial, splice } from "./splice.ts";
import type { Totals } from "./traffic.ts";
import type { Waiting } from "./waiting-room.ts";

/**
 * - `greeting` has not said what it wants
 * - `held`     wants in, the server sleeps
 * - `dialling` the server is awake and being reached
 * - `relayed`  bytes pass
 * - `leaving`  was told something and is to go
 * - `over`
 */
type Phase = "greeting" | "held" | "dialling" | "relayed" | "leaving" | "over";

/** How long a client that was told why may take to read it and go. */
const leavingMs = 5000;

const waits = (phase: Phase): boolean => phase === "held" || phase === "dialling";

export class Connection implements Waiting {
  readonly server: string;
  readonly source: string;
  readonly #client: Socket;
  readonly #route: () => Route;
  readonly #context: GateContext;
  readonly #onOver: () => void;
  readonly #meter: Totals;
  readonly #greeter: Greeter;
  readonly #held: HoldBuffer;
  readonly #from: { address: string; port: number };
  readonly #acceptedAt: number;
  #phase: Phase = "greeting";
  /** Bytes were answered here, so the game can no longer get the whole of it. */
  #answered = false;
  #knocking: Knocking | undefined;
  /** Has knocked in vain; it may try again later. */
  #isRefused = false;
  #dialling: AbortController | undefined;
  #cancelTimer = (): void => {};

  /** Takes a paused, just accepted socket; `onOver` is called once. */
  constructor(client: Socket, route: () => Route, context: GateContext, onOver: () => void) {
    this.#client = client;
    this.#route = route;
    this.#context = context;
    this.#onOver = onOver;
    this.server = route().server;
    this.#meter = context.traffic.meter(this.server);
    this.#greeter = greeterFor(route(), context.icons);
    this.#held = new HoldBuffer(context.heldBytes, this.server);
    this.#from = { address: client.remoteAddress ?? "", port: client.remotePort ?? 0 };
    this.source = addressKey(this.#from.address);
    this.#acceptedAt = context.ports.clock.mono();
  }

  /** Begins its course; may end it at once. */
  start(): void {
    this.#meter.accepted++;
    this.#client.on("error", () => {});
    this.#client.on("data", this.#onData).on("end", this.#onEnd).on("close", this.destroy);
    const { mode, notice } = this.#route();
    if (mode === "awake") this.#goIn();
    else if (mode === "closed" && (notice === null || !this.#greeter.farewell(notice))) this.destroy();
    else this.#wait();
  }

  greeting(): boolean {
    return this.#phase === "greeting";
  }

  evict(): void {
    this.destroy();
  }

  /** The route changed: decides anew, unless it is relayed already. */
  routeChanged(): void {
    if (!this.greeting() && !waits(this.#phase)) return;
    const { mode, notice } = this.#route();
    if (mode === "awake") {
      // A status exchange that was begun here is finished here.
      if (!this.#answered) this.#goIn();
    } else if (this.#phase === "dialling") {
      this.#dialling?.abort();
      this.#wait();
    } else if (this.#phase === "held") {
      if (mode === "closed" || notice !== null) this.#hold();
    } else if (mode === "closed" && notice === null) this.destroy();
  }

  /** Called every second: for what had no room, or no budget, there may be some by now. */
  sweep(): void {
    if (!this.greeting() && this.#phase !== "held") return;
    this.#readWhileRoom();
    if (this.#phase === "held") this.#knock();
  }

  /** Ends it at once. */
  destroy = (): void => {
    if (this.#phase === "over") return;
    this.#enter("over");
    this.#dialling?.abort();
    this.#client.destroy();
    this.#onOver();
  };

  #wait(): void {
    this.#enter("greeting");
    const limit = this.#context.room.enter(this);
    if (limit) {
      this.#context.refusals.count(this.server, "full", this.#from.address, limit);
      return this.destroy();
    }
    this.#readWhileRoom();
    this.#greet(false);
  }

  /** The only place that changes the phase, so that the figures always fit it. */
  #enter(next: Phase): void {
    this.#cancelTimer();
    this.#meter.held += Number(waits(next)) - Number(waits(this.#phase));
    this.#meter.open += Number(next === "relayed") - Number(this.#phase === "relayed");
    this.#phase = next;
    if (next !== "held") this.#stopKnocking();
    if (next === "greeting" || next === "held") return;
    this.#context.room.leave(this);
    if (next === "leaving" || next === "over") this.#held.takeAll();
  }

  #stopKnocking(): void {
    this.#knocking?.end();
    this.#knocking = undefined;
  }

  #after(ms: number, fn: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.ports.timers.after(Math.max(0, ms), fn);
  }

  #leftMs(limitMs: number): number {
    return this.#acceptedAt + limitMs - this.#context.ports.clock.mono();
  }

  #onData = (chunk: Buffer): void => {
    this.#meter.bytesIn += chunk.length;
    this.#meter.packetsIn++;
    if (this.#phase === "leaving") return;
    this.#held.push(chunk);
    this.#readWhileRoom();
    if (this.greeting()) this.#greet(false);
  };

  /** What is not read stays with the sender: the kernel's window closes. */
  #readWhileRoom(): void {
    const { limits, heldBytes } = this.#context;
    const isFull = this.#held.memoryBytes >= limits.heldBytesPerConnection || heldBytes.full(this.server);
    if (isFull) this.#client.pause();
    else this.#client.resume();
  }

  #onEnd = (): void => {
    if (this.#phase === "dialling") return;
    const saidNothing = this.greeting() && this.#held.bytes === 0;
    if (this.#phase === "leaving" || saidNothing || !this.#greeter.halfClose) return this.destroy();
    this.#stopKnocking();
  };

  #greet(quiet: boolean): void {
    while (this.greeting()) {
      const greeting = this.#greeter.read(this.#held.peek(), this.#route(), quiet);
      if (greeting.kind === "wake") return this.#admit(greeting.player);
      if (greeting.kind === "drop") return this.#drop();
      if (greeting.kind === "more") return this.#waitForMore(greeting.quietMs);
      this.#answer(greeting);
    }
  }

  #waitForMore(quietMs = Infinity): void {
    const limitMs = this.#leftMs(this.#greeter.limitMs);
    if (quietMs < limitMs) this.#after(quietMs, () => this.#greet(true));
    else this.#after(limitMs, this.destroy);
  }

  #answer({ consumed, reply, end }: Extract<Greeting, { kind: "answer" }>): void {
    this.#held.consume(consumed);
    this.#readWhileRoom();
    this.#answered = true;
    if (end) this.#leave(reply);
    else if (reply.length > 0) this.#client.write(reply);
  }

  #drop(): void {
    this.#context.refusals.count(this.server, "garbage", this.#from.address);
    this.destroy();
  }

  /** While it wakes for somebody else whoever comes is let in. */
  #admit(player: string | undefined): void {
    const route = this.#route();
    if (route.mode !== "asleep" || mayWake(route, this.#from.address, player)) return this.#hold();
    this.#context.refusals.count(this.server, "not_allowed", this.#from.address);
    this.#leave(this.#greeter.farewell(notAllowedText));
  }

  #hold(): void {
    const { limits } = this.#context;
    const { mode, notice } = this.#route();
    if (mode === "closed" || notice !== null) {
      const words = notice === null ? undefined : this.#greeter.farewell(notice);
      if (mode === "asleep" && words) this.#knock();
      if (words || mode === "closed") return this.#leave(words);
    }
    if (this.#phase === "held") return;
    this.#enter("held");
    const holdMs = Math.min(limits.holdMs, this.#greeter.patienceMs ?? Infinity);
    this.#after(this.#leftMs(holdMs), () => this.#leave(this.#greeter.farewell(laterText(this.#route(), holdMs))));
    this.#knock();
  }

  /** Knocks unless it does already, if its source still may and is still there. */
  #knock(): void {
    if (this.#client.readableEnded) return;
    const again = this.#isRefused;
    this.#knocking ??= this.#context.knocks.begin({ ...knockAt(this.#route()), again }, this.#from);
    this.#isRefused = this.#knocking === undefined;
  }

  /** Says `reply`, then waits for the client to go; what it still sends is thrown away. */
  #leave(reply: Buffer | undefined): void {
    if (!reply) return this.destroy();
    this.#enter("leaving");
    this.#client.end(reply);
    this.#client.resume();
    this.#after(leavingMs, this.destroy);
  }

  #goIn(): void {
    const { ports, limits, log } = this.#context;
    const { target } = this.#route();
    if (!target) return;
    const mine = new AbortController();
    this.#dialling?.abort();
    this.#dialling = mine;
    this.#client.pause();
    this.#enter("dialling");
    dial(target, limits.dialMs, ports, mine.signal).then(
      (game) => (mine.signal.aborted ? void game.destroy() : this.#relay(game)),
      (error: unknown) => {
        if (mine.signal.aborted) return;
        log.debug({ server: this.server, error: String(error) }, "the game took no connection");
        this.destroy();
      },
    );
  }

  #relay(game: Socket): void {
    const meter = this.#meter;
    this.#client.off("data", this.#onData).off("end", this.#onEnd).off("close", this.destroy);
    this.#enter("relayed");
    splice(this.#client, game, this.#held.takeAll(), {
      onIn: (bytes) => {
        meter.bytesIn += bytes;
        meter.packetsIn++;
      },
      onOut: (bytes) => void (meter.bytesOut += bytes),
      onOver: this.destroy,
    });
  }
}
