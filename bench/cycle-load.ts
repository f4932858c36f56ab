/** New flows to a TCP and a UDP port, one after the other at a steady pace, each from an address of its own. Told over IPC. */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { systemPorts } from "@playspawn/shared/ports/system.ts";

export interface Load {
  host: string;
  tcp: number;
  udp: number;
  sources: string[];
  everyMs: number;
  limitMs: number;
}
/** How flows ended: `answered`, or why not, each with how often. */
export type Ends = Record<string, number>;

const ends: Ends = {};
const slowest = { ms: 0 };
let begun = 0;
let over = 0;

function end(how: string, from: number): void {
  ends[how] = (ends[how] ?? 0) + 1;
  over++;
  if (how === "answered") slowest.ms = Math.max(slowest.ms, systemPorts.clock.mono() - from);
}

function tcp({ host, tcp: port, limitMs }: Load, localAddress: string): void {
  const from = systemPorts.clock.mono();
  const socket = connect({ host, port, localAddress, noDelay: true }, () => socket.end("hello"));
  let isOver = false;
  const once = (how: string): void => {
    if (!isOver) end(how, from);
    isOver = true;
    socket.destroy();
  };
  socket.setTimeout(limitMs, () => once("tcp timed out"));
  socket.once("data", () => once("answered"));
  socket.once("error", (error: NodeJS.ErrnoException) => once(`tcp ${error.code ?? error.message}`));
  socket.once("close", () => once("tcp closed"));
}

function udp({ host, udp: port, limitMs }: Load, address: string): void {
  const from = systemPorts.clock.mono();
  const socket = createSocket("udp4");
  let isOver = false;
  const once = (how: string): void => {
    cancel();
    if (!isOver) end(how, from);
    isOver = true;
    socket.close();
  };
  const cancel = systemPorts.timers.after(limitMs, () => once("udp lost"));
  socket.once("error", () => once("udp refused"));
  socket.once("message", () => once("answered"));
  socket.bind({ address }, () => socket.connect(port, host, () => socket.send("hello")));
}

process.on("message", (asked: Load | "stop") => {
  if (asked !== "stop") {
    cancel = systemPorts.timers.every(asked.everyMs, () => {
      const source = asked.sources[begun % asked.sources.length]!;
      (begun++ % 2 === 0 ? tcp : udp)(asked, source);
    });
    return;
  }
  cancel();
  const wait = systemPorts.timers.every(100, () => {
    if (over < begun) return;
    wait();
    process.send?.({ flows: begun, ends, slowestMs: slowest.ms });
    process.disconnect();
  });
});
let cancel = (): void => {};
