/** A small scripted control plane: takes agents in, notes what they say, says what a test wants. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AgentFrame, decode, type ControlFrame, type DesiredServer } from "@playspawn/shared";
import { WebSocketServer, type WebSocket } from "ws";

export interface Peer {
  socket: WebSocket;
  headers: IncomingMessage["headers"];
  frames: AgentFrame[];
  send(frame: ControlFrame): void;
  /** Resolves with the first frame of this kind that `fits`, past or to come. */
  frame<T extends AgentFrame["t"]>(
    t: T,
    fits?: (frame: Extract<AgentFrame, { t: T }>) => boolean,
  ): Promise<Extract<AgentFrame, { t: T }>>;
  closed: Promise<number>;
}

export interface Control {
  url: string;
  peers: Peer[];
  /** The next agent that connects, its `hello` read. */
  next(): Promise<Peer>;
  /** Status to refuse upgrades with; 0 takes them. */
  refuse: number;
  /** Resolves when the next agent is refused. */
  refused(): Promise<void>;
  close(): Promise<void>;
}

export async function control(): Promise<Control> {
  const server: Server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const waiting: ((peer: Peer) => void)[] = [];
  const unseen: Peer[] = [];
  const peers: Peer[] = [];
  const refusals: (() => void)[] = [];
  server.on("upgrade", (request, socket, head) => {
    if (result.refuse > 0) {
      for (const tell of refusals.splice(0)) tell();
      return void socket.end(`HTTP/1.1 ${result.refuse} No\r\nconnection: close\r\n\r\n`);
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const peer = peerOf(ws, request);
      peers.push(peer);
      void peer.frame("hello").then(() => (waiting.shift() ?? ((one) => unseen.push(one)))(peer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const result: Control = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    peers,
    refuse: 0,
    refused: () => new Promise((resolve) => refusals.push(resolve)),
    next() {
      const peer = unseen.shift();
      return peer ? Promise.resolve(peer) : new Promise((resolve) => waiting.push(resolve));
    },
    close() {
      for (const peer of peers) peer.socket.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return result;
}

function peerOf(socket: WebSocket, request: IncomingMessage): Peer {
  const frames: AgentFrame[] = [];
  const watchers = new Set<(frame: AgentFrame) => void>();
  socket.on("message", (data) => {
    const frame = decode(AgentFrame, (data as Buffer).toString());
    frames.push(frame);
    for (const watcher of watchers) watcher(frame);
  });
  return {
    socket,
    headers: request.headers,
    frames,
    send: (frame) => socket.send(JSON.stringify(frame)),
    frame: <T extends AgentFrame["t"]>(t: T, fits: (frame: Extract<AgentFrame, { t: T }>) => boolean = () => true) =>
      new Promise<Extract<AgentFrame, { t: T }>>((resolve) => {
        const look = (frame: AgentFrame): void => {
          if (frame.t !== t || !fits(frame as Extract<AgentFrame, { t: T }>)) return;
          watchers.delete(look);
          resolve(frame as Extract<AgentFrame, { t: T }>);
        };
        watchers.add(look);
        frames.forEach(look);
      }),
    closed: new Promise((resolve) => socket.on("close", (code) => resolve(code))),
  };
}

export const welcome = (
  epoch: number,
  snapshot: DesiredServer[] = [],
  change: Partial<Extract<ControlFrame, { t: "welcome" }>> = {},
): ControlFrame => ({
  t: "welcome",
  v: 1,
  epoch,
  rev: 1,
  snapshot,
  session: { heartbeatMs: 60_000 },
  ack: 0,
  adopt: false,
  ...change,
});
