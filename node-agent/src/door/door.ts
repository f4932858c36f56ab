/** The door without its process: public ports on one side, frames of the agent on the other. */
import type { FromDoor, Ports, ToDoor } from "@playspawn/shared";
import type { Handover } from "../kernel/handover.ts";
import { tryPort } from "./bind.ts";
import { cookies } from "./cookies.ts";
import { counted, shares } from "./counted.ts";
import { GateTable } from "./gate-table.ts";
import { icons } from "./icons.ts";
import { knockBudgets } from "./knock-budgets.ts";
import { knocks } from "./knocks.ts";
import { type Limits, defaultLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { udpGreeters } from "./protocols/protocols.ts";
import { refusals } from "./refusals.ts";
import { trafficBook } from "./traffic.ts";
import { waitingRoom } from "./waiting-room.ts";

export interface DoorCore {
  onFrame(frame: Exclude<ToDoor, { t: "superseded" }>): void;
  /** The agent is there again: tells it all it may have missed. */
  onConnected(): void;
  close(): void;
}

export interface DoorOptions {
  ports: Ports;
  log: Log;
  /** To the agent; what is said while it is away is lost and said again later. Answers false when it is lost. */
  send: (frame: FromDoor) => unknown;
  /** How many file descriptors ports, connections and flows may use together. */
  descriptors: number;
  limits?: Partial<Limits>;
  /** The addresses that players dial, for answers from the one that was dialled. */
  addresses: () => readonly string[];
  kernel?: Handover | undefined;
  /** Routes came for the first time. */
  onRoutes?: () => void;
}

const tickMs = 1000;
/** So that a table of failures never outgrows a line. */
const failuresMax = 10_000;

type Asked = Extract<ToDoor, { t: "check" }>;

export function openDoor(options: DoorOptions): DoorCore {
  const { ports, log, send, descriptors, addresses, kernel } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const traffic = trafficBook();
  const servers = (): number => table.servers();
  const refusing = refusals(ports.clock, log, (refused) => send({ t: "traffic", servers: [], refused }) !== false);
  const knocking = knocks({
    budgets: knockBudgets(ports.clock, limits),
    refusals: refusing,
    send: (knock) => send({ t: "knock", ...knock }),
  });
  const context = {
    ports,
    log,
    limits,
    knocks: knocking,
    icons: icons(),
    greeters: udpGreeters(cookies(ports)),
    traffic,
    addresses,
    kernel,
    refusals: refusing,
    room: waitingRoom(limits, servers),
    heldBytes: shares(limits.heldBytesPerDoor, servers),
    descriptors: shares(descriptors, servers),
    connectionsPerServer: counted(limits.connectionsPerServer),
    connectionsPerSource: counted(limits.connectionsPerSource),
  };
  /** The newest `applied`, as text. */
  let sent = "";

  /** Says what is bound, when it is news. */
  const tellApplied = (): void => {
    const rev = table.rev();
    if (rev === undefined) return;
    const frame = { t: "applied" as const, rev, failed: table.failed().slice(0, failuresMax) };
    const text = JSON.stringify(frame);
    if (text === sent) return;
    sent = text;
    send(frame);
  };
  const table: GateTable = new GateTable(context, () => tellApplied());

  const tellTraffic = (evenIfNone: boolean): void => {
    const servers = traffic.changed();
    if (evenIfNone || servers.length > 0) send({ t: "traffic", servers });
  };

  const stopTicking = ports.timers.every(tickMs, () => {
    table.sweep();
    knocking.repeat();
    refusing.tell();
    tellTraffic(false);
  });

  return {
    onFrame(frame) {
      if (frame.t === "check") return void check(table, frame, send);
      table.apply(frame);
      if (frame.done) options.onRoutes?.();
    },
    onConnected() {
      sent = "";
      table.forgetRev();
      traffic.tellAll();
      tellTraffic(true);
      knocking.repeat();
    },
    close() {
      stopTicking();
      table.close();
    },
  };
}

async function check(table: GateTable, { id, ports }: Asked, send: DoorOptions["send"]): Promise<void> {
  const taken: Extract<FromDoor, { t: "checked" }>["taken"] = [];
  for (const { protocol, port } of ports) {
    const owner = table.ownerOf(protocol, port);
    const by = owner === undefined ? await tryPort(protocol, port) : `the server ${owner}`;
    if (by !== undefined) taken.push({ protocol, port, by });
  }
  send({ t: "checked", id, taken });
}
