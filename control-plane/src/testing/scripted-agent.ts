/**
 * An agent that does what a test says: it joins over HTTP and speaks the real protocol over a real WebSocket.
 * By itself it only answers `ports.check`.
 */
import { ControlFrame, type AgentFrame, type DesiredServer, type StatusItem } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { withLimit } from "@playspawn/shared";
import type { ExecutionContext } from "ava";
import { WebSocket } from "ws";
import type { Client } from "./client.ts";

export interface NodeKey {
  nodeId: string;
  secret: string;
}

type Hello = Extract<AgentFrame, { t: "hello" }>;
type Frame<T extends ControlFrame["t"]> = Extract<ControlFrame, { t: T }>;
type PortsCheck = Extract<Frame<"call">["call"], { op: "ports.check" }>;

export interface AgentScript {
  hello?: Partial<Hello>;
  /** Answers to `ports.check`: who has which of the ports. */
  taken?: (ports: PortsCheck["ports"]) => { protocol: "tcp" | "udp"; port: number; by: string }[];
}

export interface ScriptedAgent {
  welcome: Frame<"welcome">;
  /** Everything that came after `welcome`, in order. */
  frames: ControlFrame[];
  /** The first frame of this kind, come or to come, that no call of this has answered before. */
  next<T extends ControlFrame["t"]>(t: T): Promise<Frame<T>>;
  /** The epoch is added. */
  send(frame: object): void;
  /** Sends a text as it is. */
  raw(text: string | Buffer): void;
  /** Reports these and waits until it is acknowledged. */
  report(...items: StatusItem[]): Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

const waitLimitMs = 20_000;
const within = <T>(what: string, work: Promise<T>): Promise<T> => withLimit(systemTimers, waitLimitMs, what, work);

/** A token and a join, as an admin and a machine do it. */
export async function joinNode(client: Client, name = "test node"): Promise<NodeKey> {
  const token = await client.post<{ token: string }>("/api/v1/nodes/join-tokens");
  const joined = await client.post<NodeKey>("/api/v1/nodes/join", { token: token.body.token, name });
  if (joined.status !== 201) throw new Error(`the join answered ${joined.status}: ${JSON.stringify(joined.body)}`);
  return joined.body;
}

export const helloOf = (over: Partial<Hello> = {}): Hello => ({
  t: "hello",
  v: 1,
  machine: "machine-1",
  boot: "boot-1",
  run: "run-1",
  appliedRev: 0,
  capacity: {
    memoryBytes: 8e9,
    cpus: 4,
    diskFreeBytes: 1e11,
    ports: { from: 20_000, to: 20_999 },
    address: "192.0.2.10",
  },
  capabilities: { version: "0.1.0" },
  report: [],
  log: { id: "log-1", last: 0 },
  ...over,
});

export const statusOf = (server: Pick<DesiredServer, "id" | "gen">, over: Partial<StatusItem> = {}): StatusItem => ({
  id: server.id,
  gen: server.gen,
  state: "ready",
  tier: null,
  cause: { kind: "deploy" },
  kick: 0,
  players: null,
  since: 1_700_000_000_000,
  detail: {},
  ...over,
});

/** The socket before its hello. @throws Error with the HTTP status when the upgrade is refused */
export async function openLink(url: string, { nodeId, secret }: NodeKey): Promise<WebSocket> {
  const headers = { "x-node-id": nodeId, "x-node-secret": secret };
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/agent/v1`, { headers });
  await within(
    "the upgrade",
    new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("unexpected-response", (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)));
      socket.once("error", reject);
    }),
  );
  return socket;
}

/** Connects, says hello and waits to be welcomed. @throws Error with the close code when it is not */
export async function connectAgent(
  t: ExecutionContext,
  url: string,
  key: NodeKey,
  script: AgentScript = {},
): Promise<ScriptedAgent> {
  const socket = await openLink(url, key);
  t.teardown(() => socket.terminate());
  const agent = scripted(socket, script);
  socket.send(JSON.stringify(helloOf(script.hello)));
  const first = await Promise.race([
    agent.next("welcome"),
    agent.closed.then(({ code, reason }) => Promise.reject(new Error(`closed ${code} ${reason}`))),
  ]);
  agent.frames.length = 0;
  return Object.assign(agent, { welcome: first });
}

function scripted(socket: WebSocket, { taken }: AgentScript): Omit<ScriptedAgent, "welcome"> {
  const frames: ControlFrame[] = [];
  const unread: ControlFrame[] = [];
  const waiting = new Set<() => void>();
  let epoch = 0;
  let seq = 0;
  const send = (frame: object): void => socket.send(JSON.stringify({ epoch, ...frame }));
  socket.on("message", (data: Buffer) => {
    const frame = ControlFrame.parse(JSON.parse(data.toString("utf8")));
    if (frame.t === "welcome") ({ epoch } = frame);
    frames.push(frame);
    unread.push(frame);
    if (frame.t === "call" && frame.call.op === "ports.check")
      send({ t: "reply", id: frame.id, result: { taken: taken?.(frame.call.ports) ?? [] } });
    for (const wake of waiting) wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString("utf8") }));
  });
  const next = async <T extends ControlFrame["t"]>(kind: T): Promise<Frame<T>> => {
    for (;;) {
      const index = unread.findIndex((frame) => frame.t === kind);
      if (index >= 0) return unread.splice(index, 1)[0] as Frame<T>;
      let wake = (): void => {};
      const arrival = new Promise<void>((resolve) => waiting.add((wake = resolve)));
      await within(`a frame ${kind}`, arrival).finally(() => waiting.delete(wake));
    }
  };
  return {
    frames,
    next,
    send,
    raw: (text) => socket.send(text),
    async report(...items) {
      const mine = ++seq;
      send({ t: "status", seq: mine, items });
      for (let ack = await next("ack"); ack.seq !== mine;) ack = await next("ack");
    },
    closed,
    async close() {
      socket.close();
      await within("the goodbye", closed);
    },
  };
}
