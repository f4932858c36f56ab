/**
 * One player's datagrams at one public port: held while the server sleeps, then handed over to the kernel, which has the
 * flow from there on; or, where it cannot, relayed through a socket of its own, so that the game sees every player at a
 * port of their own.
 */
import type { RemoteInfo, Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { type Route, addressKey } from "@playspawn/shared";
import { udpSocket } from "./bind.ts";
import type { GateContext } from "./gate.ts";
import { HoldBuffer } from "./hold-buffer.ts";
import { knockAt, type Knocking } from "./knocks.ts";
import { tellsJoins } from "./protocols/protocols.ts";
import type { Target } from "./splice.ts";
import type { Totals } from "./traffic.ts";
import type { Answer } from "./udp-listener.ts";
import { sendOrLose } from "./udp-send.ts";

/**
 * A player who is still in the game when it is put to sleep keeps sending; that is no wish to wake it. Such a flow
 * knocks again once it has paused for `pauseMs` (players never do) or when the game has been gone for `lingerMs`.
 */
const pauseMs = 500;
export const lingerMs = 10_000;
/** Whoever has said no more than this asks, as lists of servers do, or has only begun: see `passing` in the wire. */
const passingBelow = { ms: 10_000, packets: 30 };
/**
 * What was in the socket already when the flow was handed over comes after it. A flow that goes on coming has no way
 * past us, whatever the route says: something flushed the kernel's tables, say. It is relayed.
 */
const stragglersMax = 256;

export class Flow {
  readonly from: RemoteInfo;
  /** The budget key of its address. */
  readonly source: string;
  readonly #route: () => Route;
  readonly #context: GateContext;
  readonly #meter: Totals;
  readonly #held: HoldBuffer;
  #answer: Answer | undefined;
  readonly #begunAt: number;
  #packets = 0;
  /** Counted among `passing`. */
  #isPassing = false;
  #seenAt: number;
  #heldSince = 0;
  /** The game has answered since the player's newest datagram. */
  #isAnswered = false;
  #upstream: Socket | undefined;
  #target: Target | undefined;
  #connected = false;
  /** The upstream is connected and the server awake. */
  #passing = false;
  /** Was passing when the server fell asleep, at this time. */
  #leftAt: number | undefined;
  #knocking: Knocking | undefined;
  /** Has knocked in vain; it may try again later. */
  #isRefused = false;
  /** Datagrams that came here and were handed over to the kernel. */
  #handedOver = 0;

  /** @param leftAt the kernel carried it past here until then */
  constructor(from: RemoteInfo, route: () => Route, context: GateContext, leftAt: number | undefined) {
    this.#leftAt = leftAt;
    this.from = from;
    this.source = addressKey(from.address);
    this.#route = route;
    this.#context = context;
    this.#meter = context.traffic.meter(route().server);
    this.#held = new HoldBuffer(context.heldBytes, route().server);
    this.#begunAt = context.ports.clock.mono();
    this.#seenAt = this.#begunAt;
    this.#meter.accepted++;
  }

  /**
   * A datagram from the player; `answer` replies from the address it was sent to. Answers whether it may be a reply to
   * the game: forged senders never hear what the game says.
   */
  receive(packet: Buffer, answer: Answer): boolean {
    const isReply = this.#isAnswered;
    this.#isAnswered = false;
    this.#answer = answer;
    this.#take(packet);
    return isReply;
  }

  #take(packet: Buffer): void {
    const now = this.#context.ports.clock.mono();
    const silentMs = now - this.#seenAt;
    this.#seenAt = now;
    this.#meter.bytesIn += packet.length;
    this.#meter.packetsIn++;
    this.#packets++;
    this.#countPassing();
    if (this.#passing && this.#upstream) return sendOrLose(this.#upstream, packet);
    if (this.#lingers(now, silentMs)) return this.#sayToLeaving(packet);
    this.#hold(packet, now);
    if (this.#route().mode === "awake") this.#goIn();
    else this.#knock();
  }

  routeChanged(): void {
    const { mode } = this.#route();
    if (mode === "awake") {
      this.#leftAt = undefined;
      this.#handedOver = 0;
      if (this.#upstream || this.#held.chunks > 0) this.#goIn();
      return;
    }
    if (this.#passing) this.#leftAt = this.#context.ports.clock.mono();
    this.#passing = false;
    if (mode === "closed") this.#letGo();
  }

  /** The kernel does not carry it past here any more. */
  left(at: number): void {
    this.#leftAt = at;
  }

  /** Lets go of what was held too long; who waits knocks as soon as it may. Answers whether the flow has been silent too long. */
  isOver(now: number): boolean {
    const { holdMs, flowIdleMs } = this.#context.limits;
    if (this.waits && (now - this.#heldSince >= holdMs || this.#gaveUp(now))) this.#letGo();
    if (this.waits && this.#route().mode !== "awake") this.#knock();
    return this.silentMs(now) >= flowIdleMs;
  }

  /** Datagrams of it are held. */
  get waits(): boolean {
    return this.#held.chunks > 0;
  }

  /** Clients of known protocols say their join again every few seconds for as long as they wait. */
  #gaveUp(now: number): boolean {
    return tellsJoins(this.#route()) && this.silentMs(now) >= this.#context.limits.waitingSilentMs;
  }

  silentMs(now: number): number {
    return now - this.#seenAt;
  }

  close(): void {
    this.#passing = false;
    this.#letGo();
    this.#hangUp();
  }

  /** Only among those that are `open`. */
  #countPassing(): void {
    const brief = this.#seenAt - this.#begunAt < passingBelow.ms && this.#packets <= passingBelow.packets;
    const isPassing = brief && this.#upstream !== undefined;
    if (isPassing !== this.#isPassing) this.#meter.passing += isPassing ? 1 : -1;
    this.#isPassing = isPassing;
  }

  #lingers(now: number, silentMs: number): boolean {
    if (this.#leftAt === undefined || this.#route().mode !== "asleep") return false;
    if (silentMs < pauseMs && now - this.#leftAt < lingerMs) return true;
    this.#leftAt = undefined;
    return false;
  }

  #sayToLeaving(packet: Buffer): void {
    if (this.#upstream) sendOrLose(this.#upstream, packet);
  }

  /** Keeps the first ones: they are the ones that say hello. */
  #hold(packet: Buffer, now: number): void {
    const { limits, heldBytes } = this.#context;
    const isFull = this.#held.chunks >= limits.heldPacketsPerFlow || heldBytes.full(this.#route().server);
    if (isFull || this.#held.bytes + packet.length > limits.heldBytesPerFlow) return;
    if (this.#held.chunks === 0) {
      this.#heldSince = now;
      this.#meter.held++;
    }
    this.#held.push(packet);
  }

  #letGo(): Buffer[] {
    this.#knocking?.end();
    this.#knocking = undefined;
    if (this.#held.chunks > 0) this.#meter.held--;
    return this.#held.takeAll();
  }

  #knock(): void {
    const again = this.#isRefused;
    this.#knocking ??= this.#context.knocks.begin({ ...knockAt(this.#route()), again }, this.from);
    this.#isRefused = this.#knocking === undefined;
  }

  /** Reaches the game, through the same socket as before if it is where it was: the game knows the player by it. */
  #goIn(): void {
    const { target, direct } = this.#route();
    if (!target) return;
    if (direct && !this.#upstream && this.#handOver(target)) return;
    const same = this.#target?.host === target.host && this.#target.port === target.port;
    if (this.#upstream && same) return this.#deliver();
    this.#hangUp();
    this.#dial(target);
  }

  /** Answers whether the kernel has it now. A flow that is relayed stays so: the game knows its player by our socket. */
  #handOver(target: Target): boolean {
    const { kernel } = this.#context;
    if (!kernel || this.#handedOver >= stragglersMax) return false;
    const payloads = this.#held.peekAll();
    const to = { address: this.#answer?.dialled, port: this.#route().port.public, game: target.host };
    if (!kernel.pass(this.from, to, payloads)) return false;
    this.#handedOver += payloads.length;
    this.#letGo();
    return true;
  }

  #dial(target: Target): void {
    const upstream = udpSocket(isIPv6(target.host) ? "udp6" : "udp4");
    this.#upstream = upstream;
    this.#target = target;
    this.#meter.open++;
    this.#countPassing();
    this.#connected = false;
    // "Connection refused" is what an ICMP message becomes: the game is not there now, and the flow goes on.
    upstream.on("error", () => {
      if (this.#upstream === upstream && !this.#connected) this.#hangUp();
    });
    upstream.on("message", (packet) => {
      this.#meter.bytesOut += packet.length;
      this.#isAnswered = true;
      this.#answer?.(packet, this.from);
    });
    // Without a route, say, the socket is not connected and would throw when sending; the next datagram tries again.
    upstream.connect(target.port, target.host, (error?: Error) => {
      if (this.#upstream !== upstream) return;
      if (error) return this.#hangUp();
      this.#connected = true;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#route().mode !== "awake" || !this.#upstream || !this.#connected) return;
    this.#passing = true;
    for (const packet of this.#letGo()) sendOrLose(this.#upstream, packet);
  }

  #hangUp(): void {
    if (!this.#upstream) return;
    this.#meter.open--;
    this.#upstream.close();
    this.#upstream = undefined;
    this.#countPassing();
    this.#target = undefined;
    this.#passing = false;
  }
}
