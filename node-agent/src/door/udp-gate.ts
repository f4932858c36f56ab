/** A public UDP port: sorts datagrams into flows by who sent them, and answers from the port they were sent to. */
import type { RemoteInfo, Socket } from "node:dgram";
import type { Route } from "@playspawn/shared";
import { bindUdp, takenBy } from "./bind.ts";
import { FlowTable } from "./flow-table.ts";
import type { Gate, GateContext } from "./gate.ts";
import { Flow, sendOrLose } from "./udp-flow.ts";

export function udpGate(first: Route, context: GateContext): Gate {
  const { log, descriptors } = context;
  let route = first;
  let socket: Socket | undefined;

  const reply = (packet: Buffer, to: RemoteInfo): void => {
    if (socket) sendOrLose(socket, packet, to);
  };
  const flows = new FlowTable(first.server, context, (from) => new Flow(from, () => route, context, reply));

  const onMessage = (packet: Buffer, from: RemoteInfo): void => {
    // Port 0 can be forged and cannot be answered: sending to it throws.
    if (route.mode === "closed" || from.port === 0) return;
    flows.receive(packet, from);
  };

  return {
    server: first.server,
    async bind() {
      try {
        socket = await bindUdp(route.port.public, onMessage);
        descriptors.force(1);
        socket.on("error", (error) => log.warn({ port: route.port.public, error: String(error) }, "receive failed"));
        return undefined;
      } catch (error) {
        return takenBy("udp", route.port.public, error);
      }
    },
    update(next) {
      route = next;
      flows.routeChanged();
    },
    sweep: () => flows.sweep(),
    close() {
      flows.close();
      if (socket) descriptors.give(1);
      socket?.close();
      socket = undefined;
    },
  };
}
