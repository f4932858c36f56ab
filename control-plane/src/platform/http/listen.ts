/** The HTTP servers: the same application on one or two ports, with limits on slow clients and an orderly end. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { isLoopback, type Timers } from "@playspawn/shared";
import { readTarget } from "@playspawn/shared/node/request-target.ts";
import { limitSources } from "@playspawn/shared/node/source-limit.ts";
import { answerBrokenRequests, type BareProblemDeps } from "./bare-problem.ts";
import { bodyBytesMax } from "./body.ts";
import type { Peers } from "./peer.ts";
import { minVersion, tellPlainClients, type TlsMaterial } from "./tls.ts";
import { type UpgradeRouter, wantsWebSocket } from "./upgrade.ts";

export interface ListenOptions extends BareProblemDeps {
  host: string;
  port: number;
  /** The environment variable that sets the port, for the message when it is taken. */
  variable: string;
  handler: RequestListener;
  upgrades: UpgradeRouter;
  /** null: plain HTTP. */
  tls: TlsMaterial | null;
  publicUrl: URL;
  peers: Pick<Peers, "isProxy">;
  /** Tests are not that patient. */
  limits?: Partial<typeof defaultLimits>;
}

/** The server could not listen. Its message is a sentence for the operator. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Connections that HTTP does not know of yet, by their server: their TLS has only begun. */
const beginning = new WeakMap<Server, ReadonlySet<Socket>>();

/** How long a client may take to send its headers and its whole request; looked at every 2 s. */
const defaultLimits = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2000 };
/** Longer than clients and proxies keep an idle connection: who closes first must not be us, just as they send. */
const keepAliveMs = 65_000;
const closeLimitMs = 3000;
/** A house behind one address has hundreds of pages open; who holds more wants to keep others out. */
const connectionsMax = { ofOne: 1000, ofAll: 20_000 };

/** @throws ListenError */
export async function listen(options: ListenOptions): Promise<Server> {
  const { host, port, variable, handler, upgrades } = options;
  const server = serverOf(options);
  server.on("checkContinue", (request, response) => {
    // A client that asks first is told before it sends a body that would be refused.
    if (!(Number(request.headers["content-length"]) > bodyBytesMax)) response.writeContinue();
    handler(request, response);
  });
  server.on("checkExpectation", handler);
  answerBrokenRequests(server, options);
  upgrades.attach(server);
  const { isProxy } = options.peers;
  limitSources(server, { ...connectionsMax, spares: (address) => isLoopback(address) || isProxy(address) });
  for (const event of ["request", "checkContinue", "checkExpectation", "upgrade"])
    server.prependListener(event, readTarget);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(new ListenError(sentence(error, host, port, variable))),
    );
    server.listen(port, host, resolve);
  });
  return server;
}

function serverOf({ handler, limits, tls, ...site }: ListenOptions): Server {
  const options = {
    ...defaultLimits,
    ...limits,
    keepAliveTimeout: keepAliveMs,
    shouldUpgradeCallback: wantsWebSocket,
    // The application says what is missing; Node would answer without a word.
    requireHostHeader: false,
  };
  if (tls === null) return createServer(options, handler);
  const server = createTlsServer({ ...options, ...tls, minVersion, handshakeTimeout: options.headersTimeout }, handler);
  beginning.set(server, tellPlainClients(server, site));
  return server;
}

function sentence(error: NodeJS.ErrnoException, host: string, port: number, variable: string): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${port} is taken by another program. Stop that program, or set ${variable} to a free port.`;
    case "EACCES":
      return `Port ${port} may not be opened by this user. Set ${variable} to a port above 1023.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `This machine has no address ${host}. Set PLAYSPAWN_HOST to one of its addresses, or to 0.0.0.0.`;
    default:
      return `Cannot listen on ${host}:${port} (${variable}): ${error.message}.`;
  }
}

/** The port that the system chose where 0 was asked for. */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** New connections use this pair from now on; those that are open go on. */
export function renewTls(server: Server, pair: TlsMaterial): void {
  if (server instanceof TlsServer) server.setSecureContext({ ...pair, minVersion });
}

/** Takes no more connections, lets answers finish for 3 s, then cuts what is left. */
export async function closeServer(server: Server, timers: Timers): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cancel = timers.after(closeLimitMs, () => {
    server.closeAllConnections();
    for (const socket of beginning.get(server) ?? []) socket.destroy();
  });
  await closed;
  cancel();
}
