/** One WebSocket keeps what the dashboard remembers true; after a gap everything is read again. */
import type { Ports } from "@playspawn/shared/ports/ports.ts";
import type { QueryClient, QueryFilters } from "@tanstack/react-query";
import { backoffMs } from "../lib/backoff.ts";
import { mergeServer, patchServers, prependEvent, upsertById, withoutServer } from "../lib/patch.ts";
import { isTold } from "../lib/timeline.ts";
import { keys } from "./queries.ts";
import type { LiveMessage, Node, Server, ServerEvent } from "./types.ts";

export type LiveState = "connecting" | "live" | "reconnecting";

const eventsKept = 200;
/** Never spoken of on the socket. On a template's text a form stands, which must not lose what was typed. */
const fixed = new Set<string>([keys.me[0], keys.games[0], keys.gameSource("")[0]]);
/** The session has ended; asking who is signed in leads to the sign-in page. */
const signedOutCode = 4401;
/** A gap this short is not worth a word: containers that come and go on this machine cause many. */
const graceMs = 1500;
const openLimitMs = 10_000;
/** The control plane speaks every 10 s. Silent for longer than this it is frozen, or the network is gone. */
const silenceMaxMs = 25_000;
/** Whoever looks again does not wait for a second beat that is missing. */
const beatLateMs = 12_000;

export interface Live {
  state(): LiveState;
  /** Calls `fn` at each change of state; returns how to stop. */
  subscribe(fn: () => void): () => void;
  /** Connects and stays connected until the returned function is called. */
  open(): () => void;
  /** The network came back, or the page is looked at again: a line that is down or silent is dialled at once. */
  stir(): void;
}

export function applyMessage(client: QueryClient, message: LiveMessage): void {
  switch (message.t) {
    case "server":
      // One that was given away may be given back.
      removedOf(client).delete(message.server.id);
      return takeIn(client, message.server);
    case "server_removed":
      rememberRemoved(client, message.id);
      for (const key of [keys.servers, keys.trash]) {
        client.setQueryData<Server[]>(key, (list) => list && withoutServer(list, message.id));
        renewPending(client, key);
      }
      // A page that shows it asks once more, hears that there is none, and says so.
      client.removeQueries({ queryKey: keys.server(message.id), type: "inactive" });
      void client.invalidateQueries({ queryKey: keys.server(message.id) });
      return;
    case "event":
      if (!isTold(message.event)) return;
      client.setQueryData<ServerEvent[]>(
        keys.events(message.event.serverId),
        (list) => list && prependEvent(list, message.event, eventsKept),
      );
      return renewPending(client, keys.events(message.event.serverId));
    case "node":
      client.setQueryData<Node[]>(keys.nodes, (list) => list && upsertById(list, message.node));
      return renewPending(client, keys.nodes);
    case "ping":
  }
}

/** Servers that are gone: the answer to the command that removed one may come after the news of it. */
const removed = new WeakMap<QueryClient, Set<string>>();
const removedKept = 500;

function removedOf(client: QueryClient): Set<string> {
  const known = removed.get(client) ?? new Set();
  removed.set(client, known);
  return known;
}

function rememberRemoved(client: QueryClient, id: string): void {
  const known = removedOf(client).add(id);
  for (const oldest of [...known].slice(0, -removedKept)) known.delete(oldest);
}

/** Takes in the answer to a command. */
export function applyServer(client: QueryClient, server: Server): void {
  if (!removedOf(client).has(server.id)) takeIn(client, server);
}

/** Takes in one server's newest state. */
function takeIn(client: QueryClient, server: Server): void {
  const [here, elsewhere] = server.trashedAt ? [keys.trash, keys.servers] : [keys.servers, keys.trash];
  const known = (key: readonly string[]) => client.getQueryData<Server[]>(key)?.find(({ id }) => id === server.id);
  const before = known(here);
  const there = known(elsewhere);
  client.setQueryData<Server>(keys.server(server.id), (one) => mergeServer(one, server));
  // Old news of the list that it has left meanwhile brings it back there no more.
  if (there && there.version > server.version) return;
  client.setQueryData<Server[]>(elsewhere, (list) => list && withoutServer(list, server.id));
  client.setQueryData<Server[]>(here, (list) => list && patchServers(list, server));
  if (!before) renewPending(client, here);
  if (there) renewPending(client, elsewhere);
}

/** An answer that is on its way may be older than this news, and does not say who came and who went since: asked anew. */
function renewPending(client: QueryClient, queryKey: readonly string[]): void {
  if (client.isFetching({ queryKey, exact: true }) > 0) readAgain(client, { queryKey, exact: true });
}

/** Also what is being read for the first time, which an invalidation alone leaves running. */
function readAgain(client: QueryClient, which: QueryFilters): void {
  void client.cancelQueries({ ...which, fetchStatus: "fetching" });
  void client.invalidateQueries(which);
}

const urlOf = ({ protocol, host }: Location): string => `${protocol === "https:" ? "wss" : "ws"}://${host}/api/v1/live`;

/** What is needed of a WebSocket. */
export type Socket = Pick<WebSocket, "addEventListener" | "close">;

const dialHere = (): Socket => new WebSocket(urlOf(location));

/** What is said of the line: a short gap is not worth a word. */
function lineState(timers: Ports["timers"]) {
  const listeners = new Set<() => void>();
  let state: LiveState = "connecting";
  let grace: (() => void) | undefined;
  const become = (next: LiveState): void => {
    state = next;
    for (const listener of listeners) listener();
  };
  const calm = (): void => {
    grace?.();
    grace = undefined;
  };
  return {
    read: () => state,
    subscribe(fn: () => void) {
      listeners.add(fn);
      return () => listeners.delete(fn);
    },
    live() {
      calm();
      become("live");
    },
    lost() {
      grace ??= timers.after(graceMs, () => become("reconnecting"));
    },
    calm,
  };
}

/**
 * Not connected until it is opened; then it comes back by itself, with back-off.
 * @param dial opens a socket to the live address
 */
export function createLive(
  client: QueryClient,
  { clock, timers, rng }: Pick<Ports, "clock" | "timers" | "rng">,
  dial: () => Socket = dialHere,
): Live {
  const said = lineState(timers);
  /** Null between two tries, undefined before the first and after the last. */
  let socket: Socket | null | undefined;
  let cancel = (): void => {};
  let attempt = 0;
  let heardAt = 0;

  const heard = (): void => {
    heardAt = clock.mono();
    cancel();
    cancel = timers.after(silenceMaxMs, giveUp);
  };
  const opened = (): void => {
    heard();
    attempt = 0;
    said.live();
    // What happened before the socket was open was not heard, the first time as well as after a gap.
    readAgain(client, { predicate: ({ queryKey }) => !fixed.has(String(queryKey[0])) });
  };
  const lost = ({ code }: Pick<CloseEvent, "code">): void => {
    cancel();
    socket = null;
    said.lost();
    if (code === signedOutCode) void client.invalidateQueries({ queryKey: keys.me });
    cancel = timers.after(backoffMs(attempt++, rng.float()), connect);
  };
  // A frozen peer does not answer the goodbye either: nobody waits for its end.
  const giveUp = (): void => {
    const silent = socket;
    lost({ code: 1006 });
    silent?.close();
  };

  function connect(): void {
    const mine = dial();
    socket = mine;
    cancel = timers.after(openLimitMs, () => mine.close());
    mine.addEventListener("open", () => mine === socket && opened());
    mine.addEventListener("close", (event) => mine === socket && lost(event), { once: true });
    mine.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (mine !== socket) return;
      heard();
      applyMessage(client, JSON.parse(String(data)) as LiveMessage);
    });
  }

  return {
    state: said.read,
    subscribe: said.subscribe,
    stir() {
      if (socket === undefined || (socket !== null && clock.mono() - heardAt <= beatLateMs)) return;
      if (socket !== null) giveUp();
      cancel();
      connect();
    },
    open() {
      connect();
      return () => {
        const last = socket;
        socket = undefined;
        cancel();
        said.calm();
        last?.close();
      };
    },
  };
}
