/** Attack E12: an agent that meets a wrong certificate, plain http to a public address, or a redirect sends no secret. */
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join as path } from "node:path";
import type { TLSSocket } from "node:tls";
import test, { type ExecutionContext } from "ava";
import { AppError } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { pino } from "pino";
import { makeCertificate, pairIn } from "../lib/testing/certificates.ts";
import { buildContexts } from "../runtime/build-context.ts";
import { folder } from "../servers/testing/files.ts";
import { join } from "./join.ts";
import { link, type LinkDeps } from "./link.ts";

const secret = "s3cret".repeat(8);
const log = pino({ level: "silent" });

interface Listener {
  url: string;
  /** Everything that came, as it came: of TLS what was decrypted. */
  heard: () => string;
  /** Connections so far, and one that waits for the next. */
  met: () => Promise<void>;
}

/** Notes every byte of every connection. */
async function listener(
  t: ExecutionContext,
  { tls = false, answer }: { tls?: boolean; answer?: RequestListener } = {},
): Promise<Listener> {
  let heard = "";
  const waiting: (() => void)[] = [];
  let count = 0;
  const meet = (): void => {
    count++;
    for (const tell of waiting.splice(0)) tell();
  };
  const handler: RequestListener = answer ?? ((_request, response) => void response.writeHead(200).end("{}"));
  const server = tls ? createTlsServer(pairIn(makeCertificate(await folder(t))), handler) : createServer(handler);
  const note = (data: Buffer): void => void (heard += data.toString("latin1"));
  server.on("secureConnection", (socket: TLSSocket) => socket.on("data", note));
  server.on("connection", (socket) => {
    meet();
    if (!tls) socket.on("data", note);
  });
  server.on("request", (request) => void (heard += JSON.stringify(request.headers)));
  server.on("upgrade", (request, socket) => {
    heard += JSON.stringify(request.headers);
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    heard: () => heard,
    met: () => (count > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** The three that carry a secret, each tried once against `url`; answers what each said. */
async function sendAll(t: ExecutionContext, url: string): Promise<string[]> {
  const scratch = await folder(t);
  const contexts = buildContexts({
    url: (sha256) => `${url}/agent/v1/contexts/${sha256}`,
    headers: () => ({ "x-node-id": "node_1", "x-node-secret": secret }),
    scratchDir: scratch,
  });
  const fetched = contexts
    .use("0".repeat(64), new AbortController().signal, () => Promise.resolve())
    .catch((error: unknown) => String(error));
  return [await joinOnce(url, path(scratch, "node.json")), await linkOnce(url), String(await fetched)];
}

async function joinOnce(controlUrl: string, identityPath: string): Promise<string> {
  const stop = new AbortController();
  const said = Promise.withResolvers<string>();
  const noting = { info: said.resolve, warn: (_fields: unknown, text: string) => said.resolve(text) };
  const plan = {
    controlUrl,
    identityPath,
    name: "here",
    token: () => Promise.resolve(secret),
    tokenHint: "",
    onTrouble: () => undefined,
  };
  const running = join(plan, systemPorts, noting as never, stop.signal).catch((error: unknown) => {
    said.resolve(error instanceof AppError ? error.message : "stopped");
  });
  const first = await said.promise;
  stop.abort(new Error("enough"));
  await running;
  return first;
}

async function linkOnce(controlUrl: string): Promise<string> {
  const said = Promise.withResolvers<string>();
  const noting = { ...log, info: said.resolve, error: said.resolve, warn: () => undefined };
  const connection = link({
    ports: systemPorts,
    log: noting,
    registry: { listen: () => undefined },
    events: { onFlushed: () => undefined },
    controlUrl,
    identity: { nodeId: "node_1", secret },
    onTrouble: () => undefined,
  } as unknown as LinkDeps);
  const first = await said.promise;
  await connection.close();
  return first;
}

test("E12: with a certificate that nobody vouches for, no byte of a secret is sent", async (t) => {
  const server = await listener(t, { tls: true });
  const said = await sendAll(t, server.url);
  for (const one of said) t.regex(one, /certificate/i);
  await server.met();
  t.is(server.heard(), "");
});

test("E12: a plain http address that is public is not even dialled", async (t) => {
  for (const url of ["http://203.0.113.9:8000", "http://[2001:db8::1]:8000"])
    for (const one of await sendAll(t, url)) t.regex(one, /public address.*unencrypted. Use https/);
});

test("E12: TLS that turns out to be plain text is given up", async (t) => {
  const server = await listener(t);
  await sendAll(t, server.url.replace("http:", "https:"));
  t.false(server.heard().includes(secret));
});

test("E12: no redirect is followed, so that no other host is told", async (t) => {
  const other = await listener(t);
  const server = await listener(t, {
    answer: (_request, response) => void response.writeHead(307, { location: `${other.url}/here` }).end(),
  });
  await sendAll(t, server.url);
  t.true(server.heard().includes(secret), "the private address itself may know it");
  t.is(other.heard(), "");
});
