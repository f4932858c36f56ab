/** An agent's HTTP API that does what a test says: real HTTP, and as much of the protocol as driving it needs. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { withLimit, type AgentFrame, type ControlFrame } from "@playspawn/shared";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import type { ExecutionContext } from "ava";
import { helloOf } from "./scripted-agent.ts";

export interface HttpAgent {
  url: string;
  secret: string;
  /** Every request so far: `POST /sessions`. */
  requests: string[];
  /** Whatever carried this secret, however it came. */
  secrets: string[];
  frames: ControlFrame[];
  /** Answers instead of the usual, where it answers true. */
  before: (request: IncomingMessage, response: ServerResponse) => boolean;
  hello: Partial<Extract<AgentFrame, { t: "hello" }>>;
  say(frame: object): void;
  /** The first frame of this kind, past or to come, that no call of this answered before. */
  next<T extends ControlFrame["t"]>(t: T): Promise<Extract<ControlFrame, { t: T }>>;
  /** The first request like this, past or to come. */
  asked(request: string): Promise<string>;
}

interface Talk {
  id: string;
  up: string[];
  poll: ServerResponse | undefined;
}

const noServers = JSON.stringify({ controller: null, servers: [] });

export async function httpAgent(
  t: ExecutionContext,
  secret = "a-secret-that-has-at-least-32-characters",
): Promise<HttpAgent> {
  const { until, wake } = waiting();
  const unread: ControlFrame[] = [];
  let talk: Talk | undefined;
  let sessions = 0;
  let epoch = 0;
  const flush = (): void => {
    if (!talk?.poll || talk.up.length === 0) return;
    talk.poll.writeHead(200, { "content-type": "application/x-ndjson" });
    talk.poll.end(talk.up.splice(0).join("\n"));
    talk.poll = undefined;
  };
  const take = (frame: ControlFrame): void => {
    if (frame.t === "welcome") ({ epoch } = frame);
    agent.frames.push(frame);
    unread.push(frame);
    if (frame.t === "call" && frame.call.op === "ports.check")
      agent.say({ t: "reply", id: frame.id, result: { taken: [] } });
  };
  const agent: HttpAgent = {
    url: "",
    secret,
    requests: [],
    secrets: [],
    frames: [],
    hello: {},
    before: () => false,
    say(frame) {
      talk?.up.push(JSON.stringify({ epoch, ...frame }));
      flush();
    },
    next: <T extends ControlFrame["t"]>(kind: T) =>
      until(`a frame ${kind}`, () => {
        const index = unread.findIndex((frame) => frame.t === kind);
        return index < 0 ? undefined : (unread.splice(index, 1)[0] as Extract<ControlFrame, { t: T }>);
      }),
    asked: (request) => until(request, () => agent.requests.find((one) => one === request)),
  };
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const path = request.url!.split("?")[0]!;
    const line = `${request.method} ${path.replace(/ses_\w+/, "{id}")}`;
    agent.requests.push(line);
    if (agent.before(request, response)) return;
    if (request.headers["x-node-secret"] !== secret) return refuse(response);
    if (line === "POST /sessions") {
      const id = `ses_${String(++sessions).padStart(26, "0")}`;
      talk = { id, up: [JSON.stringify(helloOf(agent.hello))], poll: undefined };
      return void response.writeHead(201).end(JSON.stringify({ session: talk.id }));
    }
    if (line === "GET /sessions/{id}/frames") {
      talk!.poll = response;
      return flush();
    }
    if (line === "POST /sessions/{id}/frames")
      for (const text of body.split("\n").filter(Boolean)) take(JSON.parse(text) as ControlFrame);
    if (line.startsWith("GET /contexts/")) return void response.writeHead(404).end("{}");
    response.writeHead(line === "GET /servers" ? 200 : 204).end(line === "GET /servers" ? noServers : undefined);
    if (line === "DELETE /sessions/{id}") talk?.poll?.destroy();
  };
  agent.url = await serve(t, (request, response, body) => {
    const given = request.headers["x-node-secret"];
    if (typeof given === "string") agent.secrets.push(given);
    answer(request, response, body);
    wake();
  });
  return agent;
}

/** Answers the address. */
async function serve(
  t: ExecutionContext,
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function refuse(response: ServerResponse): void {
  const detail = "The header X-Node-Secret is not this node's secret.";
  response.writeHead(401, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ code: "node_secret_invalid", detail }));
}

/** `until` looks again after each `wake`, until there is something. */
function waiting(): { until<T>(what: string, look: () => T | undefined): Promise<T>; wake(): void } {
  const wakers = new Set<() => void>();
  return {
    async until<T>(what: string, look: () => T | undefined) {
      let over = false;
      const looking = async (): Promise<T> => {
        for (;;) {
          const found = look();
          if (found !== undefined || over) return found as T;
          let wake = (): void => {};
          await new Promise<void>((resolve) => wakers.add((wake = resolve)));
          wakers.delete(wake);
        }
      };
      return await withLimit(systemTimers, 20_000, what, looking()).finally(() => (over = true));
    },
    wake() {
      for (const wake of wakers) wake();
    },
  };
}
