/**
 * The flows of one UDP port, and who makes place when there are too many of them. Senders can be forged, so a flow is a
 * stranger until its player replied to the game; any number of strangers only pushes other strangers out.
 */
import type { RemoteInfo } from "node:dgram";
import { addressKey } from "@playspawn/shared";
import type { Endpoint } from "../kernel/handover.ts";
import { type Counted, counted } from "./counted.ts";
import type { GateContext } from "./gate.ts";
import { type Flow, lingerMs } from "./udp-flow.ts";
import type { Answer } from "./udp-listener.ts";

/** The part of all places that guests may have; whoever is new finds one among the others. */
const guestsShare = 3 / 4;
/** A stranger has this long for its next datagram: enough for a round trip, and a limit to how often flows are remade. */
const strangerMs = 500;

const keyOf = ({ address, port }: RemoteInfo): string => `${port} ${address}`;

export class FlowTable {
  readonly #server: string;
  readonly #context: GateContext;
  readonly #make: (from: RemoteInfo, leftAt: number | undefined) => Flow;
  readonly #flows = new Map<string, Flow>();
  /** The longest silent first. */
  readonly #strangers = new Map<string, Flow>();
  readonly #strangersPerSource: Counted;
  /** Those who replied to the game, the one whose newest reply is oldest first: players in a game reply all the time. */
  readonly #guests = new Map<string, Flow>();
  /** Whom the kernel carried past here until this time: players who may still be sending. */
  readonly #leaving = new Map<string, number>();

  constructor(server: string, context: GateContext, make: (from: RemoteInfo, leftAt: number | undefined) => Flow) {
    this.#server = server;
    this.#context = context;
    this.#make = make;
    this.#strangersPerSource = counted(context.limits.strangersPerSource);
  }

  /** Hands a datagram to its flow, a new one if there is room for it. */
  receive(packet: Buffer, from: RemoteInfo, answer: Answer): void {
    const key = keyOf(from);
    const flow = this.#flows.get(key) ?? this.#open(key, from);
    if (!flow) return this.#context.refusals.count(this.#server, "full", from.address, "flows");
    if (flow.receive(packet, answer)) this.#welcome(key, flow);
    else if (this.#strangers.delete(key)) this.#strangers.set(key, flow);
  }

  /** What is known of a sender: he waits to be let in, or he talked with the game; undefined for anybody else. */
  standing(from: RemoteInfo): "waits" | "guest" | undefined {
    const key = keyOf(from);
    if (this.#flows.get(key)?.waits) return "waits";
    return this.#guests.has(key) ? "guest" : undefined;
  }

  routeChanged(): void {
    for (const flow of this.#flows.values()) flow.routeChanged();
  }

  /** As many as there may be flows. */
  left(clients: readonly Endpoint[]): void {
    const now = this.#context.ports.clock.mono();
    for (const { address, port } of clients.slice(0, this.#context.limits.flowsPerPort)) {
      // A socket for both families has the address as IPv6.
      for (const key of [`${port} ${address}`, `${port} ::ffff:${address}`]) {
        this.#leaving.set(key, now);
        this.#flows.get(key)?.left(now);
      }
    }
  }

  sweep(): void {
    const now = this.#context.ports.clock.mono();
    for (const [key, leftAt] of this.#leaving) if (now - leftAt >= lingerMs) this.#leaving.delete(key);
    for (const [key, flow] of this.#flows) if (flow.isOver(now)) this.#end(key, flow);
  }

  close(): void {
    for (const [key, flow] of this.#flows) this.#end(key, flow);
  }

  #open(key: string, from: RemoteInfo): Flow | undefined {
    if (!this.#takePlace(addressKey(from.address))) return undefined;
    const flow = this.#make(from, this.#leaving.get(key));
    this.#flows.set(key, flow);
    this.#strangers.set(key, flow);
    return flow;
  }

  /** Every flow may need a descriptor sooner or later, so each has one from the beginning. */
  #takePlace(source: string): boolean {
    const { descriptors, limits } = this.#context;
    const ofSource = (): boolean => this.#strangersPerSource.take(source);
    if (!ofSource() && !(this.#evictStranger(source) && ofSource())) return false;
    const ofAll = (): boolean => this.#flows.size < limits.flowsPerPort && descriptors.take(this.#server, 1);
    if (ofAll() || (this.#evictStranger() && ofAll())) return true;
    this.#strangersPerSource.give(source);
    return false;
  }

  /** It is a guest, and the one with the newest reply; with too many of them the one with the oldest is a stranger again. */
  #welcome(key: string, flow: Flow): void {
    if (this.#strangers.delete(key)) this.#strangersPerSource.give(flow.source);
    this.#guests.delete(key);
    this.#guests.set(key, flow);
    if (this.#guests.size <= this.#context.limits.flowsPerPort * guestsShare) return;
    const [oldKey, old] = this.#guests.entries().next().value!;
    if (!this.#strangersPerSource.take(old.source)) return this.#end(oldKey, old);
    this.#guests.delete(oldKey);
    this.#strangers.set(oldKey, old);
  }

  /** Ends the one that has been silent for longest, of `source` if given. */
  #evictStranger(source?: string): boolean {
    const now = this.#context.ports.clock.mono();
    for (const [key, flow] of this.#strangers) {
      if (source !== undefined && flow.source !== source) continue;
      if (flow.silentMs(now) < strangerMs) return false;
      this.#end(key, flow);
      return true;
    }
    return false;
  }

  #end(key: string, flow: Flow): void {
    this.#flows.delete(key);
    this.#guests.delete(key);
    if (this.#strangers.delete(key)) this.#strangersPerSource.give(flow.source);
    flow.close();
    this.#context.descriptors.give(this.#server, 1);
  }
}
