/**
 * What passed by the door, per server, as the kernel counted it: added up over tables that were written anew, whose
 * counters begin at zero. Read for all servers at once; `open` is asked of conntrack, which costs more, less often.
 */
import type { Clock, Ports } from "@playspawn/shared";
import type { Traffic } from "../door/door-client.ts";
import type { TrackedFlow } from "../kernel/conntrack.ts";
import { counterSets, keyOf, type CounterSet, type PathCount, type PathElement } from "./path-table.ts";

export interface PathTrafficOptions {
  ports: Ports;
  counters: () => Record<CounterSet, Map<string, PathCount>>;
  /** Every translated flow. */
  flows: () => readonly TrackedFlow[];
  lifetimes: () => Lifetimes;
}

/** How long the kernel remembers a silent UDP flow: one that has not lasted yet, and one that has. */
export interface Lifetimes {
  newSeconds: number;
  assuredSeconds: number;
}

const readEveryMs = 1_000;
/** Reading takes at most this part of one core, however many servers are awake. */
const share = 1 / 200;
const flowsEveryMs = 10_000;
/** A UDP flow that has been silent for so long is over, as at the door. */
const silentMs = 60_000;
/** One that has not lasted so long is passing, see the wire. The kernel does not count a flow's packets by default. */
const passingMs = 10_000;

/** Of one public port. */
interface Meter {
  last: Record<CounterSet, PathCount>;
  total: Record<CounterSet, PathCount>;
  open: number;
  passing: number;
}

const zero = (): PathCount => ({ packets: 0, bytes: 0 });
const none = (): Record<CounterSet, PathCount> => ({ fresh: zero(), inward: zero(), outward: zero() });

export class PathTraffic {
  readonly close: () => void;
  readonly #clock: Clock;
  readonly #options: PathTrafficOptions;
  readonly #meters = new Map<string, Meter>();
  #followed: ReadonlyMap<string, PathElement> = new Map();
  /** UDP flows by client and port, and when each was seen first, mono ms. */
  #begun = new Map<string, number>();
  #readAt = 0;
  #flowsAt = 0;

  constructor(options: PathTrafficOptions) {
    this.#options = options;
    this.#clock = options.ports.clock;
    this.close = options.ports.timers.every(readEveryMs, () => this.#tick());
  }

  /** What the map holds now: only that is counted. Out of the map its counters are gone; what comes after begins at zero. */
  follow(elements: ReadonlyMap<string, PathElement>): void {
    for (const key of this.#followed.keys()) {
      const meter = this.#meters.get(key);
      if (meter && !elements.has(key)) this.#meters.set(key, { ...meter, last: none(), open: 0, passing: 0 });
    }
    this.#followed = elements;
  }

  /** Totals of public ports, by their keys. */
  of(keys: readonly string[]): Traffic {
    const all = keys.map((key) => this.#meters.get(key)).filter((meter) => meter !== undefined);
    const sum = (pick: (meter: Meter) => number): number => all.reduce((total, meter) => total + pick(meter), 0);
    return {
      open: sum((meter) => meter.open),
      passing: sum((meter) => meter.passing),
      held: 0,
      accepted: sum((meter) => meter.total.fresh.packets),
      bytesIn: sum((meter) => meter.total.inward.bytes),
      bytesOut: sum((meter) => meter.total.outward.bytes),
      packetsIn: sum((meter) => meter.total.inward.packets),
    };
  }

  /** These ports belong to nobody any more. */
  forget(keys: readonly string[]): void {
    for (const key of keys) this.#meters.delete(key);
  }

  #tick(): void {
    const began = this.#clock.mono();
    if (this.#followed.size === 0 || began < this.#readAt) return;
    const found = this.#options.counters();
    for (const name of counterSets) for (const key of this.#followed.keys()) this.#add(key, name, found[name].get(key));
    const read = this.#clock.mono();
    this.#readAt = read + (read - began) / share;
    if (read < this.#flowsAt) return;
    this.#countFlows(read);
    const counted = this.#clock.mono();
    this.#flowsAt = counted + Math.max(flowsEveryMs, (counted - read) / share);
  }

  #add(key: string, name: CounterSet, count: PathCount | undefined): void {
    if (!count) return;
    const meter = this.#meterOf(key);
    const [last, total] = [meter.last[name], meter.total[name]];
    // A smaller value is that of a table that was written anew.
    const isReset = count.packets < last.packets || count.bytes < last.bytes;
    const packets = count.packets - (isReset ? 0 : last.packets);
    total.packets += packets;
    total.bytes += count.bytes - (isReset ? 0 : last.bytes);
    meter.last[name] = count;
    // Somebody came since the flows were counted.
    if (packets > 0 && name === "fresh") meter.open = meter.passing = Math.max(1, meter.open);
  }

  #countFlows(now: number): void {
    for (const key of this.#followed.keys()) Object.assign(this.#meterOf(key), { open: 0, passing: 0 });
    const begun = new Map<string, number>();
    const { flows } = this.#options;
    const lifetimes = this.#options.lifetimes();
    for (const flow of flows()) {
      const key = keyOf(flow.protocol, flow.dialled.port);
      if (!this.#followed.has(key)) continue;
      if (flow.protocol === "udp") this.#countUdp(flow, lifetimes, now, begun);
      else if (flow.isEstablished) this.#meterOf(key).open++;
    }
    this.#begun = begun;
  }

  #countUdp(flow: TrackedFlow, lifetimes: Lifetimes, now: number, begun: Map<string, number>): void {
    const { dialled, client, timeoutSeconds, isAssured } = flow;
    const whole = isAssured ? lifetimes.assuredSeconds : lifetimes.newSeconds;
    const seenAt = now - (whole - timeoutSeconds) * 1000;
    if (now - seenAt >= silentMs) return;
    const name = `${client.address}:${client.port} ${dialled.port}`;
    const begunAt = this.#begun.get(name) ?? now;
    begun.set(name, begunAt);
    const meter = this.#meterOf(keyOf("udp", dialled.port));
    meter.open++;
    if (seenAt - begunAt < passingMs) meter.passing++;
  }

  #meterOf(key: string): Meter {
    const meter = this.#meters.get(key) ?? { last: none(), total: none(), open: 0, passing: 0 };
    this.#meters.set(key, meter);
    return meter;
  }
}
