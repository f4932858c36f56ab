/**
 * `/metrics` for Prometheus: open to programs on this machine, to others with the token that the operator set. Without
 * a token there is nothing at this path for anybody else.
 */
import { AppError, isLoopback, type Ports, withLimit } from "@playspawn/shared";
import type { Middleware } from "koa";
import type { Registry } from "prom-client";
import { hashToken, tokenMatches } from "../token.ts";
import { credentialOf } from "./credentials.ts";
import { isForwarded } from "./guards.ts";
import type { Peers } from "./peer.ts";

export interface MetricsPageDeps {
  registry: Registry;
  ports: Ports;
  peers: Peers;
  /** What scrapers elsewhere send as `Authorization: Bearer`; null lets only this machine in. */
  token: string | null;
}

/** Scrapers give up after 10 s by default. */
const collectLimitMs = 8000;

export function metricsPage({ registry, ports, peers, token }: MetricsPageDeps): Middleware {
  const hash = token === null ? null : hashToken(token);
  return async (ctx, next) => {
    if (ctx.path !== "/metrics") return next();
    const given = credentialOf(ctx.req, { secure: true });
    // Whoever comes through a proxy is elsewhere, though the proxy be on this machine and not trusted.
    const isLocal = isLoopback(peers.remoteAddress(ctx.req)) && !isForwarded(ctx.req);
    const holdsToken = given.kind === "bearer" && tokenMatches(given.token, hash);
    if (!isLocal && !holdsToken) {
      if (hash === null) return next();
      ctx.set("WWW-Authenticate", "Bearer");
      throw new AppError("unauthenticated", "Metrics are read with PLAYSPAWN_METRICS_TOKEN as a bearer token.");
    }
    if (ctx.method !== "GET" && ctx.method !== "HEAD") {
      ctx.set("Allow", "GET, HEAD");
      throw new AppError("method_not_allowed", `${ctx.path} takes GET, HEAD, not ${ctx.method}.`);
    }
    const text = await withLimit(ports.timers, collectLimitMs, "collecting the metrics", registry.metrics());
    ctx.type = registry.contentType;
    ctx.body = text;
  };
}
