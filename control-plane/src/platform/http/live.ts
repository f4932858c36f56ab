/** `/api/v1/live`: what changes, pushed to dashboards. One slow reader is dropped; a dead session is cut off. */
import { AppError, LiveMessage, type Ports } from "@playspawn/shared";
import { WebSocket, WebSocketServer } from "ws";
import type { Bus, LiveNews } from "../bus/bus.ts";
import type { Log } from "../log.ts";
import { authorize, type UserActor } from "./authorize.ts";
import { credentialOf, type Identify, identifyActor } from "./credentials.ts";
import { isSameOrigin } from "./guards.ts";
import { hasSecureCookie } from "./own-site.ts";
import type { SessionWatch } from "./session-watch.ts";
import type { Upgrade, UpgradeRouter } from "./upgrade.ts";

export interface LiveDeps {
  bus: Bus;
  identify: Identify;
  sessionWatch: SessionWatch;
  publicUrl: URL;
  ports: Ports;
  log: Log;
  upgrades: UpgradeRouter;
  /** Tests compare every message with its schema. */
  checkMessages: boolean;
}

export interface Live {
  /** Closes every socket. */
  close(): void;
  /** How many are connected. */
  size(): number;
}

export const livePath = "/api/v1/live";
export const liveCloseCodes = { goingAway: 1001, tooSlow: 4008, tooMuch: 4009, signedOut: 4401 } as const;

const pingMs = 20_000;
/** Browsers do not show pings to their pages, so that a page hears this word and knows that the line is alive. */
const beatMs = 10_000;
const beat = JSON.stringify({ t: "ping" } satisfies LiveMessage);
const bufferedBytesMax = 1024 * 1024;
/** Clients have nothing to say; more than this is a program gone wild. */
const incomingBytesMax = 4096;
const incomingPerBeatMax = 50;
const socketsPerUserMax = 30;
/** How long one who does not answer the goodbye keeps the connection. */
const closeLimitMs = 1000;

interface Client {
  socket: WebSocket;
  actor: UserActor;
  /** Whether the last ping was answered. */
  answered: boolean;
  /** Messages since the last beat. */
  incoming: number;
  /** Says why, and gives one who does not answer the goodbye a second: he may be reading nothing at all. */
  end(code: number, reason: string): void;
}

export function createLive(deps: LiveDeps): Live {
  const { bus, ports } = deps;
  const clients = new Set<Client>();
  const server = new WebSocketServer({ noServer: true, maxPayload: incomingBytesMax, perMessageDeflate: false });
  let closed = false;
  deps.upgrades.claim({
    path: livePath,
    beforeSetup: false,
    async accept(upgrade) {
      const actor = await actorOf(upgrade, deps);
      if (closed) throw new AppError("not_ready", "The control plane is stopping. Try again in a moment.");
      refuseMore(clients, actor);
      server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (socket) => {
        const client = createClient(socket, actor, deps);
        clients.add(client);
        const signedOut = (): void => client.end(liveCloseCodes.signedOut, "this session has ended");
        const unwatch = deps.sessionWatch.watch(actor.sessionId, signedOut);
        socket.on("close", () => {
          clients.delete(client);
          unwatch();
        });
      });
    },
  });
  const stops = [
    bus.subscribe("live", (news) => broadcast(clients, news, deps)),
    ports.timers.every(pingMs, () => pingAll(clients)),
    ports.timers.every(beatMs, () => {
      for (const client of clients) client.incoming = 0;
      sendAll(clients, beat);
    }),
  ];
  return {
    size: () => clients.size,
    close() {
      for (const stop of stops) stop();
      closed = true;
      for (const client of clients) client.end(liveCloseCodes.goingAway, "the control plane goes away");
    },
  };
}

function createClient(socket: WebSocket, actor: UserActor, { ports, log }: LiveDeps): Client {
  const client: Client = {
    socket,
    actor,
    answered: true,
    incoming: 0,
    end(code, reason) {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.close(code, reason);
      const cancel = ports.timers.after(closeLimitMs, () => socket.terminate());
      socket.once("close", cancel);
    },
  };
  socket.on("pong", () => (client.answered = true));
  socket.on("error", (error) => log.debug({ reason: error.message }, "a live socket broke"));
  socket.on("message", () => {
    if (++client.incoming > incomingPerBeatMax) client.end(liveCloseCodes.tooMuch, "too many messages");
  });
  return client;
}

function refuseMore(clients: ReadonlySet<Client>, { userId }: UserActor): void {
  const mine = [...clients].filter((client) => client.actor.userId === userId).length;
  if (mine < socketsPerUserMax) return;
  throw new AppError("rate_limited", `This account has ${socketsPerUserMax} live connections already: close one.`);
}

/** A browser proves itself by cookie and by Origin, a program by its token. */
async function actorOf({ request, host, isSecure }: Upgrade, { identify, publicUrl }: LiveDeps): Promise<UserActor> {
  const credential = credentialOf(request, { secure: hasSecureCookie({ isSecure, publicUrl }) });
  const { origin } = request.headers;
  if (credential.kind !== "bearer" && !(origin !== undefined && isSameOrigin(origin, { host, publicUrl, isSecure })))
    throw new AppError(
      "cross_site",
      "The connection came from another site. Use the dashboard's own address, or a bearer token.",
    );
  const actor = await identifyActor(identify, credential, "user");
  authorize(actor, "live:subscribe");
  return actor;
}

function broadcast(clients: ReadonlySet<Client>, { ownerId, message }: LiveNews, { checkMessages }: LiveDeps): void {
  if (checkMessages) LiveMessage.parse(message);
  const concerned = [...clients].filter(({ actor }) => actor.role === "admin" || actor.teamId === ownerId);
  if (concerned.length > 0) sendAll(concerned, JSON.stringify(message));
}

function sendAll(clients: Iterable<Client>, text: string): void {
  for (const client of clients) {
    const { socket } = client;
    if (socket.readyState !== WebSocket.OPEN) continue;
    if (socket.bufferedAmount > bufferedBytesMax)
      client.end(liveCloseCodes.tooSlow, "you read too slowly: connect again");
    else socket.send(text);
  }
}

function pingAll(clients: ReadonlySet<Client>): void {
  for (const client of clients) {
    if (client.socket.readyState !== WebSocket.OPEN) continue;
    if (client.answered) client.socket.ping();
    else client.socket.terminate();
    client.answered = false;
  }
}
