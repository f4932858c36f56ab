/** The API of the control plane, imitated for work on the dashboard. Never part of the bundle. */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { errorCatalog } from "@playspawn/shared/domain/errors.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { WebSocketServer } from "ws";
import type { Answer } from "./answer.ts";
import { bustle } from "./bustle.ts";
import { Refusal } from "./refusal.ts";
import { answer } from "./routes.ts";
import { makeWorld, type World } from "./world.ts";

const beatMs = 10_000;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

const problem = ({ code, message, faults }: Refusal): Answer => ({
  status: errorCatalog[code].status,
  type: "application/problem+json",
  body: { type: `/errors/${code}`, ...errorCatalog[code], detail: message, code, instance: "req_mock", faults },
});

function send(response: ServerResponse, { status, type = "application/json", body, headers = {} }: Answer): void {
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
}

async function handle(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://mock");
  const input = {
    method: request.method ?? "GET",
    path: url.pathname.replace(/^\/api\/v1/, ""),
    query: url.searchParams,
    body: await bodyOf(request),
    signedIn: request.headers.cookie?.includes("playspawn_session=mock") ?? false,
    response,
  };
  try {
    const found = await answer(world, input);
    if (found) send(response, found);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    send(response, problem(error));
  }
}

export interface Mock {
  url: string;
  world: World;
  close(): void;
}

/** Listens on 127.0.0.1; port 0 picks one. */
export async function startMock({ port }: { port: number }): Promise<Mock> {
  const world = makeWorld(systemPorts);
  const http = createHttp((request, response) => void handle(world, request, response));
  const sockets = new WebSocketServer({ server: http, path: "/api/v1/live" });
  sockets.on("connection", (socket) => {
    const hear = (message: unknown): void => socket.send(JSON.stringify(message));
    world.listeners.add(hear);
    const quiet = systemPorts.timers.every(beatMs, () => hear({ t: "ping" }));
    socket.on("close", () => {
      quiet();
      world.listeners.delete(hear);
    });
  });
  const rest = bustle(world);
  await new Promise<void>((resolve) => http.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    world,
    close() {
      rest();
      for (const socket of sockets.clients) socket.terminate();
      http.close();
      http.closeAllConnections();
    },
  };
}
