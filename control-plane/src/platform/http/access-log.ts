/**
 * One line in the log and one measurement for each request that is over: who, what, how it ended. Never a query, a
 * header or a body, and of a path only what cannot be a secret.
 */
import type { IncomingMessage } from "node:http";
import { newId, type Ports } from "@playspawn/shared";
import type { Context, Middleware } from "koa";
import type { Log } from "../log.ts";
import type { HttpRequestFigures } from "../metrics/metrics.ts";
import type { Actor } from "./authorize.ts";
import { leaveRestOfBody } from "./linger.ts";
import type { Operation } from "./operation.ts";
import type { Peers } from "./peer.ts";
import type { RequestState } from "./pipeline.ts";

export interface AccessLogDeps {
  log: Log;
  ports: Ports;
  peers: Peers;
  countRequest(figures: HttpRequestFigures): void;
}

/** What of a path may be logged as it is: our words, ids, and names of files; a token is longer. */
const plainPart = /^(?:[\w.~@-]{0,24}|[a-z]{2,6}_[0-9a-z]{26})$/;

/**
 * A path without what might be a secret. Of one that is nobody's only the beginning is told: whoever writes a token into
 * an address often misspells the address.
 */
export function safePath(path: string, { isOurs }: { isOurs: boolean }): string {
  const parts = path.split("/").map((part) => (plainPart.test(part) ? part : "[…]"));
  return isOurs || parts.length < 3 ? parts.join("/") : `/${parts[1] ?? ""}/…`;
}

/** Gives the request its id, and when it is over tells the log and the metrics. */
export function observe({ log, ports, peers, countRequest }: AccessLogDeps): Middleware {
  return async (ctx, next) => {
    const requestId = newId("req", ports);
    const started = ports.clock.mono();
    const { socket } = ctx.req;
    const address = peers.remoteAddress(ctx.req);
    const sentBefore = socket.bytesWritten;
    const state: RequestState = { requestId, host: "", log: log.child({ request_id: requestId }) };
    Object.assign(ctx.state, state);
    ctx.set("X-Request-Id", requestId);
    const tell = (): void => {
      const { operation, actor } = ctx.state as RequestState;
      const seconds = (ports.clock.mono() - started) / 1000;
      const route = routeOf(ctx, operation);
      countRequest({ method: ctx.method, route, status: ctx.status, seconds });
      const line = {
        request_id: requestId,
        method: ctx.method,
        route,
        path: safePath(ctx.path, { isOurs: route !== unmatched }),
        status: ctx.status,
        duration_ms: Math.round(seconds * 10_000) / 10,
        bytes: socket.bytesWritten - sentBefore,
        remote_address: address,
        ...actorOf(actor),
        // The client went away before its answer was whole.
        ...(ctx.res.writableFinished ? {} : { aborted: true }),
      };
      log[isQuiet(operation, route) ? "debug" : "info"](line, "request");
    };
    ctx.res.once("close", () => {
      try {
        tell();
      } catch (error) {
        // Thrown out of a listener it would end the process.
        log.error({ err: error, request_id: requestId }, "a request could not be logged");
      }
    });
    await next();
    leaveRestOfBody(ctx, ports.timers);
  };
}

const unmatched = "(none)";

/** Everything that is no operation in three words, so that strangers cannot make up labels. */
function routeOf(ctx: Context, operation: Operation | undefined): string {
  if (operation) return operation.path;
  if (ctx.path === "/metrics" && ctx.status !== 404) return "/metrics";
  return ctx.status < 400 ? "(page)" : unmatched;
}

/** What is asked for all the time and says nothing new. */
const isQuiet = (operation: Operation | undefined, route: string): boolean =>
  operation ? operation.tag === "health" : route === "(page)" || route === "/metrics";

const actorOf = (actor: Actor | null | undefined) => {
  if (!actor) return { actor: "none" };
  return actor.kind === "user" ? { actor: "user", actor_id: actor.userId } : { actor: "node", actor_id: actor.nodeId };
};

export interface UpgradeLine {
  /** 101, or what it was refused with. */
  status: number;
  request_id?: string | undefined;
  remote_address: string;
}

/** The same for a WebSocket, when it is taken over or refused. */
export function logUpgrade(log: Log, request: IncomingMessage, line: UpgradeLine): void {
  const path = safePath((request.url ?? "").split("?")[0] ?? "", { isOurs: line.status === 101 });
  log.info({ method: "GET", path, ...line }, "upgrade");
}
