/** The agent's own HTTP API: whether it is well, and what its servers are to do. Thin: the core is what the link calls, too. */
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import Router from "@koa/router";
import { AppError, isLoopback, messageOf, type Ports } from "@playspawn/shared";
import { checkTarget, readTarget } from "@playspawn/shared/node/request-target.ts";
import { limitSources } from "@playspawn/shared/node/source-limit.ts";
import Koa, { type Context, type Middleware } from "koa";
import type { Logger } from "pino";
import type { Core } from "./core.ts";
import { apiDocs } from "./docs.ts";
import { doorman } from "./doorman.ts";
import { openapiDocument } from "./openapi.ts";
import { operation, mount, type Operation } from "./operation.ts";
import { operations } from "./operations.ts";
import { answerProblem } from "./problem.ts";
import { Health, HealthQuery } from "./schema.ts";
import { certificate, type CertificateFiles } from "./tls.ts";

export interface AgentHttpOptions {
  /** 0 picks one. */
  port: number;
  tls: CertificateFiles | null;
  ports: Ports;
  log: Logger;
  /** Sentences that say what is not well; none when all is. */
  troubles(): string[] | Promise<string[]>;
}

export interface AgentHttp {
  readonly port: number;
  /** From here on there is more to say than whether it is well. */
  serve(core: Core): void;
  close(): Promise<void>;
}

/** Programs of this machine, which may be its own control plane, always have room. */
const connectionsMax = { ofOne: 50, ofAll: 500, spares: isLoopback };
const headerBytesMax = 16 * 1024;
/** Build files may take their time. */
const limits = {
  headersTimeout: 5_000,
  requestTimeout: 300_000,
  handshakeTimeout: 5_000,
  // By default limits are looked at every half minute: as long would a stranger hold every connection.
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: headerBytesMax,
};

/** @throws ListenError when the port is taken; ConfigError for a certificate that cannot be used */
export async function agentHttp(options: AgentHttpOptions): Promise<AgentHttp> {
  const { port, tls, ports, log } = options;
  let core: Core | undefined;
  const handler = application(options, () => core);
  const kept = tls && (await certificate(tls, ports, log));
  const server = kept ? createTlsServer({ ...limits, ...kept.context }, handler) : createServer(limits, handler);
  kept?.onChange((context) => (server as ReturnType<typeof createTlsServer>).setSecureContext(context));
  limitSources(server, connectionsMax);
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    serve: (one) => void (core = one),
    close: () =>
      new Promise((resolve) => {
        kept?.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function application({ troubles, log }: AgentHttpOptions, core: () => Core | undefined): RequestListener {
  const all = [healthOperation, ...operations];
  const letIn = doorman();
  const admit = async (ctx: Context): Promise<Core> => {
    const here = core();
    if (!here) throw new AppError("not_ready", "This node is not ready yet: /health tells what it waits for.");
    await letIn(ctx, here.secrets);
    return here;
  };
  const router = new Router();
  router.get("/health", async (ctx) => {
    const said = await troubles();
    const abilities = ctx.query["abilities"] === "1" ? await core()?.abilities() : undefined;
    ctx.status = said.length === 0 ? 200 : 503;
    ctx.body = {
      ...(said.length === 0 ? { status: "healthy" } : { status: "unhealthy", troubles: said }),
      ...(abilities && { abilities }),
    };
  });
  for (const one of operations) mount(router, one, admit);
  const app = new Koa();
  app.use(problems(log));
  app.use((ctx, next) => {
    checkTarget(ctx.req);
    return next();
  });
  app.use(apiDocs(() => openapiDocument(all)));
  app.use(router.routes());
  app.use((ctx) => unknownPath(ctx, all));
  const answer = app.callback();
  return (request, response) => {
    readTarget(request);
    void answer(request, response);
  };
}

const healthOperation: Operation = operation({
  name: "health",
  method: "get",
  path: "/health",
  tag: "health",
  summary: "Whether the agent, its engine and its door are well",
  description:
    "With `abilities=1` also what this node can do: whether players reach its sleepers, how it lets them sleep.",
  query: HealthQuery,
  answers: { 200: Health, 503: Health },
  handle: () => Promise.reject(new Error("has a route of its own")),
});

const problems =
  (log: Logger): Middleware =>
  async (ctx, next) => {
    ctx.set({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
    try {
      await next();
    } catch (error) {
      if (!(error instanceof AppError)) log.error({ err: error, path: ctx.path }, "a request could not be answered");
      const internal = new AppError("internal", "Something broke in this agent. Its log tells more.");
      // Who was refused may not go on sending.
      if (!ctx.req.complete) ctx.set("Connection", "close");
      answerProblem(ctx, error instanceof AppError ? error : internal);
    }
  };

function unknownPath(ctx: Context, all: readonly Operation[]): never {
  const here = all.filter(({ path }) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(ctx.path));
  if (here.length === 0)
    throw new AppError(
      "not_found",
      `There is no path ${ctx.path.slice(0, 100)} here; see /docs. This is the agent of a node: its control plane answers elsewhere, usually on port 8000.`,
    );
  const methods = here.map(({ method }) => method.toUpperCase()).join(", ");
  ctx.set("Allow", methods);
  throw new AppError("method_not_allowed", `This path takes ${methods}.`);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const what =
        error.code === "EADDRINUSE"
          ? `Port ${port} is taken. Stop what listens there, or set PLAYSPAWN_AGENT_PORT to another port.`
          : `Port ${port} cannot be used (${messageOf(error)}). Set PLAYSPAWN_AGENT_PORT to another port.`;
      reject(new ListenError(what));
    });
    server.listen(port, resolve);
  });
}

export class ListenError extends Error {
  override readonly name = "ListenError";
}
