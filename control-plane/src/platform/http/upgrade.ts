/** WebSocket upgrades: one place that checks them, hands each path to its claimant and refuses the rest. */
import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, errorCatalog, newId, type Ports } from "@playspawn/shared";
import type { Log } from "../log.ts";
import { checkHost } from "./guards.ts";
import { setupRequired } from "./pipeline.ts";
import { problemMediaType, problemOf, toAppError } from "./problem.ts";

export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  /** The checked Host header. */
  host: string;
}

export interface Claim {
  path: string;
  /** Open before the installation is set up, too. */
  beforeSetup: boolean;
  /** Takes the socket over, or throws: then the client gets the problem as a plain HTTP answer. */
  accept(upgrade: Upgrade): Promise<void>;
}

export interface UpgradeRouter {
  claim(claim: Claim): void;
  attach(server: Server): void;
}

export function createUpgradeRouter(deps: {
  publicUrl: URL;
  isSetUp(): boolean;
  ports: Ports;
  log: Log;
}): UpgradeRouter {
  const claims = new Map<string, Claim>();
  const accept = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const host = checkHost(request, deps);
    const path = (request.url ?? "").split("?")[0] ?? "";
    const claim = claims.get(path);
    if (!deps.isSetUp() && !claim?.beforeSetup) throw setupRequired();
    if (!claim) throw new AppError("not_found", "No WebSocket is served at this path.");
    await claim.accept({ request, socket, head, host });
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
        accept(request, socket, head).catch((thrown: unknown) => {
          const error = toAppError(thrown);
          if (error.code === "internal") deps.log.error({ err: thrown }, "an upgrade failed");
          refuse(socket, error, newId("req", deps.ports));
        });
      });
    },
  };
}

function refuse(socket: Duplex, error: AppError, requestId: string): void {
  if (socket.destroyed) return;
  const { status } = errorCatalog[error.code];
  const body = JSON.stringify(problemOf(error, requestId));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Connection: close",
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    "X-Content-Type-Options: nosniff",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
