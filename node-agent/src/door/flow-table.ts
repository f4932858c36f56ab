/** The flows of one UDP port, and who makes place when there are too many of them. */
import type { RemoteInfo } from "node:dgram";
import { addressKey } from "@playspawn/shared";
import type { GateContext } from "./gate.ts";
import type { Flow } from "./udp-flow.ts";
import type { Answer } from "./udp-listener.ts";

/** A stranger who has been silent this long may have to make place for another. */
const strangerSilentMs = 1000;
/** How many of the oldest strangers are looked at when one must make place. */
const evictionLook = 16;

export class FlowTable {
  readonly #server: string;
  readonly #context: GateContext;
  readonly #make: (from: RemoteInfo) => Flow;
  readonly #flows = new Map<string, Flow>();
  /** Those that said next to nothing yet, oldest first: forged senders stay here. */
  readonly #strangers = new Map<string, Flow>();

  constructor(server: string, context: GateContext, make: (from: RemoteInfo) => Flow) {
    this.#server = server;
    this.#context = context;
    this.#make = make;
  }

  /** Hands a datagram to its flow, a new one if there is room for it. */
  receive(packet: Buffer, from: RemoteInfo, answer: Answer): void {
    const key = `${from.port} ${from.address}`;
    const flow = this.#flows.get(key) ?? this.#open(key, from);
    if (!flow) return;
    flow.receive(packet, answer);
    if (!flow.isStranger()) this.#strangers.delete(key);
  }

  routeChanged(): void {
    for (const flow of this.#flows.values()) flow.routeChanged();
  }

  sweep(): void {
    const now = this.#context.ports.clock.mono();
    for (const [key, flow] of this.#flows) if (flow.isOver(now)) this.#end(key, flow);
  }

  close(): void {
    for (const [key, flow] of this.#flows) this.#end(key, flow);
  }

  #open(key: string, from: RemoteInfo): Flow | undefined {
    const { flowsPerServer, flowsPerSource } = this.#context;
    const source = addressKey(from.address);
    if (!flowsPerSource.take(source)) return undefined;
    if (!flowsPerServer.take(this.#server) && !(this.#evictOne() && flowsPerServer.take(this.#server))) {
      flowsPerSource.give(source);
      return undefined;
    }
    const flow = this.#make(from);
    this.#flows.set(key, flow);
    this.#strangers.set(key, flow);
    return flow;
  }

  #evictOne(): boolean {
    const now = this.#context.ports.clock.mono();
    let looked = 0;
    for (const [key, flow] of this.#strangers) {
      if (++looked > evictionLook) return false;
      if (flow.silentMs(now) < strangerSilentMs) continue;
      this.#end(key, flow);
      return true;
    }
    return false;
  }

  #end(key: string, flow: Flow): void {
    this.#flows.delete(key);
    this.#strangers.delete(key);
    flow.close();
    this.#context.flowsPerServer.give(this.#server);
    this.#context.flowsPerSource.give(addressKey(flow.from.address));
  }
}
