/** Keeps the agent connected: dials out, and after every end decides how soon to dial again. */
import { AppError, closeCodes, frameBytesMax, messageOf, supersededRetryMs } from "@playspawn/shared";
import { secretRoute } from "@playspawn/shared/node/secret-route.ts";
import { WebSocket, type RawData } from "ws";
import { backoff } from "./backoff.ts";
import type { Identity } from "./identity.ts";
import { Session, type SessionDeps, type Wire } from "./session.ts";
import { unreachable } from "./unreachable.ts";

const dialLimitMs = 10_000;
/** For the other side to answer a closing. */
const partingMs = 1_000;
/** A session that lasted this long was a good one. */
const goodSessionMs = 1_000;
/** How often a node that was refused asks whether an operator has changed his mind. */
export const refusedRetryMs = 60_000;
export const reconnectMaxMs = 5_000;

export interface LinkDeps extends SessionDeps {
  controlUrl: string;
  identity: Pick<Identity, "nodeId" | "secret">;
  /** Told at each end of a connection, and each dial without one, that needs more than another try. */
  onTrouble(sentence: string): void;
}

export interface Link {
  readonly connected: boolean;
  /** Ends the connection and dials no more. */
  close(): Promise<void>;
}

type Ending = "lost" | "superseded" | "refused";

export function link(deps: LinkDeps): Link {
  const ended = new AbortController();
  let session: Session | undefined;
  deps.registry.listen(
    (id) => session?.status(id),
    () => session?.resync(),
  );
  deps.events.onFlushed(() => session?.flush());

  const once = async (): Promise<Ending> => {
    const socket = await dial(deps, ended.signal);
    const gone = Promise.withResolvers<Ending>();
    const wire = wireOf(socket, deps);
    const leave = (): void => wire.close(closeCodes.goingAway, "the agent stops");
    ended.signal.addEventListener("abort", leave, { once: true });
    socket.on("error", (error) => deps.log.warn({ err: error }, "the connection broke"));
    const talk = new Session(wire, deps);
    // oxlint-disable-next-line typescript/no-base-to-string -- text frames arrive as one Buffer
    socket.on("message", (data: RawData, binary: boolean) => talk.receive(binary ? undefined : data.toString()));
    socket.on("close", (code, reason) => {
      talk.closed();
      gone.resolve(endingOf(code, reason.toString(), deps));
    });
    session = talk;
    try {
      return await gone.promise;
    } finally {
      session = undefined;
      ended.signal.removeEventListener("abort", leave);
    }
  };
  const running = keepTrying(deps, ended.signal, once);
  return {
    get connected() {
      return session !== undefined;
    },
    async close() {
      ended.abort(new Error("the agent stops"));
      await running;
    },
  };
}

const wireOf = (socket: WebSocket, { ports }: LinkDeps): Wire => ({
  send: (text) => {
    if (socket.readyState === socket.OPEN) socket.send(text);
  },
  buffered: () => socket.bufferedAmount,
  close(code, reason) {
    socket.close(code, reason);
    // A peer that does not answer the closing must not hold the next connection up.
    ports.timers.after(partingMs, () => socket.terminate());
  },
});

async function keepTrying(deps: LinkDeps, signal: AbortSignal, once: () => Promise<Ending>): Promise<void> {
  const { clock, timers, rng } = deps.ports;
  const waits = backoff(rng, { firstMs: 200, maxMs: reconnectMaxMs });
  while (!signal.aborted) {
    const from = clock.mono();
    const ending = await once().catch((error: unknown) => whyNot(error, deps));
    if (clock.mono() - from >= goodSessionMs) waits.reset();
    const ms =
      ending === "lost"
        ? waits.next()
        : (ending === "superseded" ? supersededRetryMs : refusedRetryMs) * (1 + rng.float() / 10);
    await timers.sleep(ms, signal).catch(() => undefined);
  }
}

class Refused extends Error {}

async function dial({ controlUrl, identity }: LinkDeps, signal: AbortSignal): Promise<WebSocket> {
  const url = new URL("/agent/v1", controlUrl);
  url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, {
    ...secretRoute(url),
    headers: { "x-node-id": identity.nodeId, "x-node-secret": identity.secret },
    handshakeTimeout: dialLimitMs,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
  });
  const open = Promise.withResolvers<WebSocket>();
  const stop = (): void => socket.terminate();
  signal.addEventListener("abort", stop, { once: true });
  socket.on("open", () => open.resolve(socket));
  socket.on("error", (error) => open.reject(error));
  socket.on("unexpected-response", (_request, response) => {
    const status = response.statusCode ?? 0;
    socket.terminate();
    const said = `the control plane answered ${status}`;
    open.reject(status === 401 || status === 403 ? new Refused(said) : new Error(said));
  });
  try {
    return await open.promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function whyNot(error: unknown, { controlUrl, log, onTrouble }: LinkDeps): Ending {
  if (error instanceof Refused || error instanceof AppError) {
    const sentence = `${controlUrl} does not take this node (${error.message}). Servers that run here run on.`;
    log.error(sentence);
    onTrouble(sentence);
    return "refused";
  }
  onTrouble(unreachable(controlUrl, error));
  log.info(`${controlUrl} cannot be reached (${messageOf(error)}); tried again soon`);
  return "lost";
}

const refusals: Readonly<Record<number, string>> = {
  [closeCodes.quarantined]:
    "Two machines use this node's secret. Give one of them a new one; this one keeps its servers running.",
  [closeCodes.revoked]: "This node's secret was revoked. Join again with a new token; its servers run on.",
};

function endingOf(code: number, reason: string, { log, onTrouble }: LinkDeps): Ending {
  if (code === closeCodes.superseded) {
    log.warn("another connection of this node took over");
    return "superseded";
  }
  const refusal = refusals[code];
  if (refusal !== undefined) {
    log.error(refusal);
    onTrouble(refusal);
    return "refused";
  }
  log.info({ code, reason }, "the connection to the control plane ended");
  return "lost";
}
