/** What flows, per server: totals since this process started, of which the agent hears what changed. */
import type { FromDoor } from "@playspawn/shared";

export type Totals = Extract<FromDoor, { t: "traffic" }>["servers"][number] & { passing: number };

export interface TrafficBook {
  /** The figures of one server; added to in place. */
  meter(server: string): Totals;
  /** Those that changed since the last call. */
  changed(): Totals[];
  /** Makes the next `changed` tell all. */
  tellAll(): void;
  forget(server: string): void;
}

const figures = ["open", "held", "accepted", "bytesIn", "bytesOut", "packetsIn", "passing"] as const;

export function trafficBook(): TrafficBook {
  const meters = new Map<string, Totals>();
  const sent = new Map<string, Totals>();
  return {
    meter(server) {
      let meter = meters.get(server);
      if (!meter) {
        meter = { server, open: 0, held: 0, accepted: 0, bytesIn: 0, bytesOut: 0, packetsIn: 0, passing: 0 };
        meters.set(server, meter);
      }
      return meter;
    },
    changed() {
      const changes: Totals[] = [];
      for (const [server, meter] of meters) {
        const before = sent.get(server);
        if (before && figures.every((figure) => before[figure] === meter[figure])) continue;
        const copy = { ...meter };
        sent.set(server, copy);
        changes.push(copy);
      }
      return changes;
    },
    tellAll: () => sent.clear(),
    forget(server) {
      meters.delete(server);
      sent.delete(server);
    },
  };
}
