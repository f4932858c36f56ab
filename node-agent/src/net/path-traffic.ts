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
}

const readEveryMs = 1_000;
/** Reading takes at most this part of one core, however many servers are awake. */
const share = 1 / 200;
const flowsEveryMs = 10_000;
/** A UDP flow that has been silent for so long is over, as at the door. */
const silentMs = 60_000;

/** Of one public port. */
interface Meter {
  last: Record<CounterSet, PathCount>;
  total: Record<CounterSet, PathCount>;
  /** Mono ms of the last packet from a player. */
  movedAt: number;
  open: number;
}

const zero = (): PathCount => ({ packets: 0, bytes: 0 });
const none = (): Record<CounterSet, PathCount> => ({ fresh: zero(), inward: zero(), outward: zero() });

export class PathTraffic {
  readonly close: () => void;
  readonly #clock: Clock;
  readonly #options: PathTrafficOptions;
  readonly #meters = new Map<string, Meter>();
  #followed: ReadonlyMap<string, PathElement> = new Map();
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
      if (meter && !elements.has(key)) this.#meters.set(key, { ...meter, last: none(), open: 0 });
    }
    this.#followed = elements;
  }

  /** Totals of public ports, by their keys. */
  of(keys: readonly string[]): Traffic {
    const all = keys.map((key) => this.#meters.get(key)).filter((meter) => meter !== undefined);
    const sum = (pick: (meter: Meter) => number): number => all.reduce((total, meter) => total + pick(meter), 0);
    return {
      open: sum((meter) => meter.open),
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
    for (const name of counterSets)
      for (const key of this.#followed.keys()) this.#add(key, name, found[name].get(key), began);
    const read = this.#clock.mono();
    this.#readAt = read + (read - began) / share;
    if (read < this.#flowsAt) return;
    this.#countFlows(read);
    const counted = this.#clock.mono();
    this.#flowsAt = counted + Math.max(flowsEveryMs, (counted - read) / share);
  }

  #add(key: string, name: CounterSet, count: PathCount | undefined, now: number): void {
    if (!count) return;
    const meter = this.#meterOf(key);
    const [last, total] = [meter.last[name], meter.total[name]];
    // A smaller value is that of a table that was written anew.
    const isReset = count.packets < last.packets || count.bytes < last.bytes;
    const packets = count.packets - (isReset ? 0 : last.packets);
    total.packets += packets;
    total.bytes += count.bytes - (isReset ? 0 : last.bytes);
    meter.last[name] = count;
    if (packets === 0 || name === "outward") return;
    meter.movedAt = now;
    meter.open = Math.max(1, meter.open);
  }

  #countFlows(now: number): void {
    const open = new Map<string, number>();
    for (const { protocol, dialled, isEstablished } of this.#options.flows()) {
      const key = keyOf(protocol, dialled.port);
      if (protocol === "udp" || isEstablished) open.set(key, (open.get(key) ?? 0) + 1);
    }
    for (const [key, { protocol }] of this.#followed) {
      const meter = this.#meterOf(key);
      const isOver = protocol === "udp" && now - meter.movedAt >= silentMs;
      meter.open = isOver ? 0 : (open.get(key) ?? 0);
    }
  }

  #meterOf(key: string): Meter {
    const meter = this.#meters.get(key) ?? { last: none(), total: none(), movedAt: -Infinity, open: 0 };
    this.#meters.set(key, meter);
    return meter;
  }
}
