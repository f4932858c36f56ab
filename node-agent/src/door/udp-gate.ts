/** A public UDP port: sorts datagrams into flows by who sent them, and answers from the port they were sent to. */
import type { RemoteInfo, Socket } from "node:dgram";
import type { Route } from "@playspawn/shared";
import { bindUdp, takenBy } from "./bind.ts";
import type { Gate, GateContext } from "./gate.ts";
import { sourceKey } from "./source.ts";
import { Flow, sendOrLose } from "./udp-flow.ts";

/** How many of the oldest flows are looked at when one must make place. */
const evictionLook = 32;

export function udpGate(first: Route, context: GateContext): Gate {
  const { log, descriptors, flowsPerServer, flowsPerSource, ports } = context;
  const flows = new Map<string, Flow>();
  let route = first;
  let socket: Socket | undefined;

  const reply = (packet: Buffer, to: RemoteInfo): void => {
    if (socket) sendOrLose(socket, packet, to);
  };

  const end = (key: string, flow: Flow): void => {
    flows.delete(key);
    flow.close();
    flowsPerServer.give(first.server);
    flowsPerSource.give(sourceKey(flow.from.address));
  };

  const evictOne = (): boolean => {
    const now = ports.clock.mono();
    let looked = 0;
    for (const [key, flow] of flows) {
      if (++looked > evictionLook) return false;
      if (!flow.isFaint(now)) continue;
      end(key, flow);
      return true;
    }
    return false;
  };

  const open = (key: string, from: RemoteInfo): Flow | undefined => {
    const source = sourceKey(from.address);
    if (!flowsPerSource.take(source)) return undefined;
    if (!flowsPerServer.take(first.server) && !(evictOne() && flowsPerServer.take(first.server))) {
      flowsPerSource.give(source);
      return undefined;
    }
    const flow = new Flow(from, () => route, context, reply);
    flows.set(key, flow);
    return flow;
  };

  const onMessage = (packet: Buffer, from: RemoteInfo): void => {
    if (route.mode === "closed") return;
    const key = `${from.port} ${from.address}`;
    const flow = flows.get(key) ?? open(key, from);
    flow?.receive(packet);
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
      for (const flow of flows.values()) flow.routeChanged();
    },
    sweep() {
      const now = ports.clock.mono();
      for (const [key, flow] of flows) if (flow.isOver(now)) end(key, flow);
    },
    close() {
      for (const [key, flow] of flows) end(key, flow);
      if (socket) descriptors.give(1);
      socket?.close();
      socket = undefined;
    },
  };
}
