/** A public UDP port: what arrives goes to the flow of who sent it. */
import type { Route } from "@playspawn/shared";
import { takenBy } from "./bind.ts";
import { doorstep } from "./doorstep.ts";
import { FlowTable } from "./flow-table.ts";
import type { Gate, GateContext } from "./gate.ts";
import { Flow } from "./udp-flow.ts";
import { type OnDatagram, UdpListener } from "./udp-listener.ts";

export function udpGate(first: Route, context: GateContext): Gate {
  let route = first;
  let listener: UdpListener | undefined;
  const flows = new FlowTable(first.server, context, (from, leftAt) => new Flow(from, () => route, context, leftAt));
  const greet = doorstep({ greeter: context.greeters(first), route: () => route, flows, context });

  const onDatagram: OnDatagram = (packet, from, answer) => {
    // Port 0 can be forged and cannot be answered: sending to it throws.
    if (route.mode === "closed" || from.port === 0) return;
    if (route.mode === "awake") flows.receive(packet, from, answer);
    else greet(packet, from, answer);
  };

  return {
    server: first.server,
    async bind() {
      try {
        listener = await UdpListener.open(route.port.public, context, onDatagram);
        return undefined;
      } catch (error) {
        return takenBy("udp", route.port.public, error);
      }
    },
    update(next) {
      route = next;
      flows.routeChanged();
    },
    sweep() {
      listener?.refresh();
      flows.sweep();
    },
    left: (clients) => flows.left(clients),
    close() {
      flows.close();
      listener?.close();
      listener = undefined;
    },
  };
}
