/** WebSocket upgrades: one place that checks them, hands each path to its claimant and refuses the rest. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, errorCatalog, type Ports } from "@playspawn/shared";
import { checkTarget } from "@playspawn/shared/node/request-target.ts";
import type { Log } from "../log.ts";
import { logUpgrade } from "./access-log.ts";
import { fullPath } from "./aliases.ts";
import { endWithProblem } from "./bare-problem.ts";
import { checkHost } from "./guards.ts";
import type { Peers } from "./peer.ts";
import { setupRequired } from "./pipeline.ts";
import { toAppError } from "./problem.ts";

export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  /** The checked Host header. */
  host: string;
  /** The client's, seen through trusted proxies. */
  address: string;
  /** Whether the client's own connection is TLS. */
  isSecure: boolean;
}

export interface Claim {
  path: string;
  /** Open before the installation is set up, too. */
  beforeSetup: boolean;
  /** Takes the socket over, or throws: then the client gets the problem as a plain HTTP answer. */
  accept(upgrade: Upgrade): Promise<void>;
}

/**
 * Whether a request asks for a WebSocket. What else a client offers is passed over and its request answered as it is:
 * some offer HTTP/2 with every request.
 */
export const wantsWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.trim().toLowerCase() === "websocket";

export interface UpgradeRouter {
  claim(claim: Claim): void;
  attach(server: Server): void;
}

export function createUpgradeRouter(deps: {
  publicUrl: URL;
  peers: Peers;
  isSetUp(): boolean;
  ports: Ports;
  log: Log;
}): UpgradeRouter {
  const claims = new Map<string, Claim>();
  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer, address: string): Promise<void> => {
    checkTarget(request);
    const host = checkHost(request, deps);
    const path = fullPath((request.url ?? "").split("?")[0] ?? "");
    const claim = claims.get(path);
    if (!deps.isSetUp() && !claim?.beforeSetup) throw setupRequired();
    if (!claim) throw new AppError("not_found", "No WebSocket is served at this path.");
    checkHandshake(request);
    await claim.accept({ request, socket, head, host, address, isSecure: deps.peers.isSecure(request) });
    logUpgrade(deps.log, request, { status: 101, remote_address: address });
  };
  return {
    claim(claim) {
      if (claims.has(claim.path)) throw new Error(`upgrades of ${claim.path} are claimed twice`);
      claims.set(claim.path, claim);
    },
    attach(server) {
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        // Without a listener, a client that resets its connection in the middle would end the process.
        socket.on("error", (error) => deps.log.debug({ reason: error.message }, "an upgraded socket broke"));
        const address = deps.peers.remoteAddress(request);
        accept(request, socket, head, address).catch((thrown: unknown) => {
          const error = toAppError(thrown);
          if (error.code === "internal") deps.log.error({ err: thrown }, "an upgrade failed");
          const { status } = errorCatalog[error.code];
          const requestId = socket.destroyed ? undefined : endWithProblem(socket, error, deps.ports);
          logUpgrade(deps.log, request, { status, request_id: requestId, remote_address: address });
        });
      });
    },
  };
}

/** The library would refuse these itself, but not with a problem. @throws AppError malformed_request */
function checkHandshake({ method, headers }: IncomingMessage): void {
  if (method !== "GET") throw new AppError("malformed_request", "A WebSocket is opened with GET.");
  if (!["8", "13"].includes(headers["sec-websocket-version"] ?? ""))
    throw new AppError("malformed_request", "Sec-WebSocket-Version must be 13.");
  if (!/^[\w+/]{22}==$/.test(headers["sec-websocket-key"] ?? ""))
    throw new AppError("malformed_request", "Sec-WebSocket-Key must be 16 bytes in base64.");
}
