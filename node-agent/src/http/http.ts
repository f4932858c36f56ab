/** The agent's own HTTP API. In this version: whether it is well. */
import { createServer, type Server } from "node:http";
import Router from "@koa/router";
import Koa from "koa";
import { messageOf } from "@playspawn/shared";

export interface Health {
  /** Sentences that say what is not well; none when all is. */
  troubles(): string[] | Promise<string[]>;
}

export interface AgentHttp {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on `port` (0 picks one). @throws Error with a sentence when the port is taken */
export async function agentHttp(port: number, health: Health): Promise<AgentHttp> {
  const router = new Router();
  router.get("/health", async (context) => {
    const troubles = await health.troubles();
    context.status = troubles.length === 0 ? 200 : 503;
    context.body = troubles.length === 0 ? { status: "healthy" } : { status: "unhealthy", troubles };
  });
  const app = new Koa();
  app.use(router.routes());
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response));
  server.requestTimeout = 10_000;
  server.headersTimeout = 5_000;
  server.maxConnections = 100;
  await listen(server, port);
  return {
    port: (server.address() as { port: number }).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
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
