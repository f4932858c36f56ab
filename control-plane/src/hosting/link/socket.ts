/** The WebSocket at `/agent/v1`: lets nodes in by their secret and hands each connection to a session. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, closeCodes, frameBytesMax, type Timers } from "@playspawn/shared";
import { WebSocketServer, type WebSocket } from "ws";
import type { Authenticate } from "../nodes/authentication.ts";
import { budget, type Budget } from "./budget.ts";
import { Session, type SessionDeps } from "./session.ts";
import type { Wire } from "./wire.ts";

export const linkPath = "/agent/v1";

export interface LinkSocket {
  /** Takes an upgrade request over. @throws AppError node_secret_invalid | not_ready: to be answered over plain HTTP */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  /** Says goodbye to everybody; nobody is let in any more. */
  close(): void;
}

export interface LinkDeps extends Omit<SessionDeps, "nodeId" | "wire" | "budget"> {
  authenticate: Authenticate;
  /** A connection is over. */
  onEnd(): void;
}

const socketsMax = 2000;
const headerBytesMax = 200;
/** How long one who does not answer the goodbye keeps the connection. */
const closeLimitMs = 1000;

export function linkSocket(deps: LinkDeps): LinkSocket {
  const server = new WebSocketServer({ noServer: true, maxPayload: frameBytesMax, perMessageDeflate: false });
  const { log, ports } = deps;
  let closing = false;
  const budgets = new Map<string, Budget>();
  const budgetOf = (nodeId: string): Budget => {
    const found = budgets.get(nodeId) ?? budget(ports.clock);
    budgets.set(nodeId, found);
    return found;
  };

  const accept = (ws: WebSocket, nodeId: string): void => {
    const session = new Session({ ...deps, nodeId, wire: wireOf(ws, ports.timers), budget: budgetOf(nodeId) });
    ws.on("message", (data: Buffer, isBinary) => {
      if (isBinary) endSocket(ws, ports.timers, closeCodes.badFrame, "frames are text");
      else session.receive(data.toString("utf8"));
    });
    ws.on("close", () => {
      session.closed();
      deps.onEnd();
    });
  };

  return {
    async upgrade(request, socket, head) {
      if (closing || server.clients.size >= socketsMax)
        throw new AppError("not_ready", "No more nodes can connect now. Try again in a moment.");
      const { nodeId, quarantined } = await deps.authenticate(
        header(request, "x-node-id"),
        header(request, "x-node-secret"),
      );
      server.handleUpgrade(request, socket, head, (ws) => {
        // A frame that is too large, or none at all: ws has told the other side already.
        ws.on("error", (error) => log.warn({ node: nodeId, reason: error.message }, "the socket of a node failed"));
        if (closing) endSocket(ws, ports.timers, closeCodes.goingAway, "the control plane goes away");
        else if (quarantined)
          endSocket(ws, ports.timers, closeCodes.quarantined, "two machines use this node's secret");
        else accept(ws, nodeId);
      });
    },
    close() {
      closing = true;
      deps.hub.closeAll();
      for (const ws of server.clients) endSocket(ws, ports.timers, closeCodes.goingAway, "the control plane goes away");
    },
  };
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === "string" && value.length <= headerBytesMax ? value : "";
}

function endSocket(ws: WebSocket, timers: Timers, code: number, reason: string): void {
  if (ws.readyState >= ws.CLOSING) return;
  // A close frame holds 123 bytes, and an agent's own words may stand in the reason.
  ws.close(code, reason.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 120));
  const cancel = timers.after(closeLimitMs, () => ws.terminate());
  ws.once("close", cancel);
}

const wireOf = (ws: WebSocket, timers: Timers): Wire => ({
  send: (text) => ws.send(text),
  close: (code, reason) => {
    // The goodbye of the other side must be read.
    ws.resume();
    endSocket(ws, timers, code, reason);
  },
  buffered: () => ws.bufferedAmount,
  pause: () => ws.pause(),
  resume: () => ws.resume(),
});
