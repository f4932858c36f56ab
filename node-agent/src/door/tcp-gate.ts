/** A public TCP port: accepts whatever the server's state is, and hands every connection its own course. */
import type { Server, Socket } from "node:net";
import { type Route, addressKey } from "@playspawn/shared";
import { listenTcp, takenBy } from "./bind.ts";
import type { Gate, GateContext } from "./gate.ts";
import { Connection } from "./tcp-connection.ts";

/** The client's and the game's end. */
const descriptorsEach = 2;

export function tcpGate(first: Route, context: GateContext): Gate {
  const { log } = context;
  const connections = new Set<Connection>();
  let route = first;
  let listener: Server | undefined;

  const accept = (client: Socket): void => {
    const giveBack = takePlace(first.server, client.remoteAddress ?? "", context);
    if (!giveBack) {
      client.on("error", () => {});
      client.destroy();
      return;
    }
    const over = (): void => {
      giveBack();
      connections.delete(connection);
    };
    const connection: Connection = new Connection(client, () => route, context, over);
    connections.add(connection);
    connection.start();
  };

  return {
    server: first.server,
    async bind() {
      try {
        listener = await listenTcp(route.port.public, accept);
        context.descriptors.reserve(1);
        // An accept may fail, for want of descriptors say; the listener stays.
        listener.on("error", (error) => log.warn({ port: route.port.public, error: String(error) }, "accept failed"));
        return undefined;
      } catch (error) {
        return takenBy("tcp", route.port.public, error);
      }
    },
    update(next) {
      route = next;
      for (const connection of connections) connection.routeChanged();
    },
    sweep() {
      for (const connection of connections) connection.sweep();
    },
    left() {
      // Their next segment finds no connection here, and so they learn that theirs is over.
    },
    close() {
      if (listener) context.descriptors.reserve(-1);
      listener?.close();
      listener = undefined;
      for (const connection of connections) connection.destroy();
    },
  };
}

/** Counts one more connection. Answers what gives its place back; undefined when the server, the source or the door has too many. */
function takePlace(server: string, address: string, context: GateContext): (() => void) | undefined {
  const source = addressKey(address);
  const { descriptors, connectionsPerServer, connectionsPerSource, refusals } = context;
  const taken: (() => void)[] = [];
  const giveBack = (): void => taken.forEach((give) => give());
  const takes = (limit: string, isTaken: boolean, give: () => void): boolean => {
    if (isTaken) taken.push(give);
    else refusals.count(server, "full", address, limit);
    return isTaken;
  };
  const isIn =
    takes("descriptors", descriptors.take(server, descriptorsEach), () => descriptors.give(server, descriptorsEach)) &&
    takes("connectionsPerServer", connectionsPerServer.take(server), () => connectionsPerServer.give(server)) &&
    takes("connectionsPerSource", connectionsPerSource.take(source), () => connectionsPerSource.give(source));
  if (isIn) return giveBack;
  giveBack();
  return undefined;
}
