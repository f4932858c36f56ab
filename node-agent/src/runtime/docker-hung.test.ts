/** An engine that takes calls and never answers them: nobody waits for it without end, and nothing stays open. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { fakePorts, type FakePorts } from "@playspawn/shared/ports/fake.ts";
import { details } from "./docker-details.ts";
import { dockerEngine, limits } from "./docker-engine.ts";
import { watchEvents } from "./docker-events.ts";
import { dockerRuntime } from "./docker.ts";
import type { Runtime } from "./runtime.ts";

interface HungEngine {
  host: string;
  /** Resolves with the next request whose path ends so, once it is there; it is left without an answer. */
  hangs(path: string): Promise<{ request: IncomingMessage; response: ServerResponse }>;
}

const container = { Id: "c1", State: "running", Names: ["/g"], Labels: { "playspawn.server": "srv_a" } };
const answers: Record<string, unknown> = {
  "/containers/json": [container],
  "/containers/c1/json": { Id: "c1", State: { Running: true }, Config: { Labels: container.Labels } },
};

async function hungEngine(t: ExecutionContext): Promise<HungEngine> {
  const folder = await mkdtemp(join(tmpdir(), "playspawn-hung-"));
  const host = `unix://${folder}/docker.sock`;
  const waiting = new Map<string, (call: { request: IncomingMessage; response: ServerResponse }) => void>();
  const server = createServer((request, response) => {
    const path = request.url!.split("?")[0]!;
    const answer = answers[path];
    if (answer) return void response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    waiting.get(path)?.({ request, response });
  }).listen(`${folder}/docker.sock`);
  await once(server, "listening");
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { host, hangs: (path) => new Promise((resolve) => waiting.set(path, resolve)) };
}

function runtimeAt(host: string, ports: FakePorts, onTrouble = (): void => {}): Runtime {
  return dockerRuntime({
    installation: "inst_a",
    node: "node_a",
    subnet: undefined,
    imageAllow: ["*"],
    egress: { ports: { from: 32_768, to: 60_999 }, closedPorts: [], allow: [], nft: () => Promise.resolve(() => "") },
    dockerHost: host,
    dataDir: "/nowhere",
    contexts: { url: () => "", headers: () => ({}), scratchDir: "/nowhere" },
    ports,
    onTrouble,
  });
}

const collect = async (lines: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
};

const never = new AbortController().signal;

test("work that does not mind the limit is left behind, and what it brings too late is destroyed", async (t) => {
  const ports = fakePorts();
  const engine = dockerEngine("unix:///nowhere", ports);
  const late = Promise.withResolvers<{ destroy(): void }>();
  const refused = t.throwsAsync(
    engine.call("open a stream", 1000, () => late.promise),
    {
      message: /open a stream: no answer within 1 s/,
    },
  );
  await ports.advance(1000);
  await refused;
  const destroyed = new Promise<void>((resolve) => late.resolve({ destroy: resolve }));
  await destroyed;
});

test("logs, stdin and the wait for a game's end have their limit, and hang up", async (t) => {
  const ports = fakePorts();
  const { host, hangs } = await hungEngine(t);
  const runtime = runtimeAt(host, ports);
  const unavailable = { message: /does not answer .*no answer within 20 s/ };

  const logs = hangs("/containers/c1/logs");
  const reading = t.throwsAsync(collect(runtime.logs("srv_a", { tail: 1, follow: true, signal: never })), unavailable);
  const { request } = await logs;
  const gone = once(request.socket, "close");
  await ports.advance(limits.read);
  await reading;
  await gone;

  const attach = hangs("/containers/c1/attach");
  const writing = t.throwsAsync(runtime.writeStdin("srv_a", "save"), unavailable);
  await attach;
  await ports.advance(limits.read);
  await writing;

  const wait = hangs("/containers/c1/wait");
  const patience = new AbortController();
  const waiting = t.throwsAsync(runtime.waitGame("srv_a", patience.signal), { message: "enough" });
  await wait;
  const again = hangs("/containers/c1/wait");
  // Its limit, then the pause before it asks again.
  await ports.advance(limits.read + 100);
  await again;
  patience.abort(new Error("enough"));
  await waiting;
});

test("an event stream whose answer never comes is tried again", async (t) => {
  const ports = fakePorts();
  const { host, hangs } = await hungEngine(t);
  const end = new AbortController();
  const troubles = Promise.withResolvers<void>();
  const first = hangs("/events");
  const events = runtimeAt(host, ports, troubles.resolve).events(end.signal)[Symbol.asyncIterator]();
  const next = events.next();
  await first;
  const second = hangs("/events");
  await ports.advance(limits.read);
  await troubles.promise;
  await ports.advance(100);
  await second;
  end.abort();
  t.true((await next).done);
});

test("an event stream is closed when what follows its opening fails", async (t) => {
  const ports = fakePorts();
  const { host, hangs } = await hungEngine(t);
  const end = new AbortController();
  const isolation = {
    newPorts: () => Promise.resolve(0),
    allPorts: () => Promise.reject(new Error("no bridge")),
    complete: () => Promise.resolve(false),
  };
  const identity = { installation: "inst_a", node: "node_a" };
  const opened = hangs("/events");
  const events = watchEvents(
    {
      engine: dockerEngine(host, ports),
      details: details(() => Promise.resolve(undefined)),
      identity,
      isolation,
      onTrouble: (error) => t.regex(String(error), /no bridge/),
    },
    end.signal,
  );
  const next = events.next();
  const { response } = await opened;
  const closed = once(response, "close");
  response.writeHead(200).flushHeaders();
  await closed;
  end.abort();
  t.true((await next).done);
});
