import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import test from "ava";
import { applyMessage, applyServer, createLive, type Socket } from "./live.ts";
import { keys } from "./queries.ts";
import type { Server, ServerEvent } from "./types.ts";

type Listener = (event: unknown) => void;

/** Sockets that do what the test says. */
function fakeDial() {
  const sockets: { fire: (kind: string, event?: unknown) => void; closed: boolean }[] = [];
  const dial = (): Socket => {
    const listeners = new Map<string, Listener>();
    const socket = {
      closed: false,
      fire: (kind: string, event: unknown = {}) => listeners.get(kind)?.(event),
      addEventListener: (kind: string, listener: Listener) => void listeners.set(kind, listener),
      close: () => void (socket.closed = true),
    };
    sockets.push(socket);
    return socket as unknown as Socket;
  };
  return { sockets, dial };
}

const server = (name: string, version: number) => ({ id: "srv_1", name, version }) as Server;

test("what the socket says reaches the list, the page and the timeline", (t) => {
  const client = new QueryClient();
  client.setQueryData(keys.servers, [server("old", 1)]);
  client.setQueryData(keys.events("srv_1"), []);
  const event = { id: "evt_1", seq: 1, at: 0, kind: "wake", cause: null, data: {}, serverId: "srv_1" };
  applyMessage(client, { t: "server", server: server("new", 2) });
  applyMessage(client, { t: "event", event });
  applyMessage(client, { t: "event", event: { ...event, id: "evt_2", seq: 2, kind: "usage" } });
  t.deepEqual(client.getQueryData(keys.servers), [server("new", 2)]);
  t.deepEqual(client.getQueryData(keys.server("srv_1")), server("new", 2));
  t.deepEqual(
    client.getQueryData<ServerEvent[]>(keys.events("srv_1"))?.map(({ id }) => id),
    ["evt_1"],
  );
  applyMessage(client, { t: "server_removed", id: "srv_1" });
  t.deepEqual(client.getQueryData(keys.servers), []);
  t.is(client.getQueryData(keys.server("srv_1")), undefined);
});

test("the answer to a command that comes after the news of the removal brings nothing back; being given back does", (t) => {
  const client = new QueryClient();
  const gone = { ...server("gone", 3), trashedAt: 1 };
  client.setQueryData(keys.trash, [gone]);
  client.setQueryData(keys.servers, []);
  applyMessage(client, { t: "server_removed", id: "srv_1" });
  applyServer(client, { ...gone, version: 4 });
  t.deepEqual(client.getQueryData(keys.trash), []);
  applyMessage(client, { t: "server", server: server("back", 5) });
  t.deepEqual(client.getQueryData(keys.servers), [server("back", 5)]);
});

test("a page that shows a server learns that it was deleted, and still knows its name", async (t) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  let asked = 0;
  const observer = new QueryObserver<Server>(client, {
    queryKey: keys.server("srv_1"),
    queryFn: () => (++asked > 1 ? Promise.reject(new Error("404")) : Promise.resolve(server("mine", 1))),
  });
  const leave = observer.subscribe(() => {});
  await observer.refetch();
  const failed = Promise.withResolvers<void>();
  const stop = observer.subscribe(({ isError }) => isError && failed.resolve());
  applyMessage(client, { t: "server_removed", id: "srv_1" });
  await failed.promise;
  stop();
  t.true(observer.getCurrentResult().isError);
  t.is(observer.getCurrentResult().data?.name, "mine");
  leave();
  client.clear();
});

test("what was never read is not made up from news", (t) => {
  const client = new QueryClient();
  applyMessage(client, { t: "server_removed", id: "srv_1" });
  applyMessage(client, { t: "server", server: server("new", 2) });
  t.is(client.getQueryData(keys.servers), undefined);
});

test("a list that was on its way when somebody came or went is asked for anew", async (t) => {
  const client = new QueryClient();
  const answers = [Promise.withResolvers<Server[]>(), Promise.withResolvers<Server[]>()];
  let asked = 0;
  const observer = new QueryObserver(client, { queryKey: keys.servers, queryFn: () => answers[asked++]!.promise });
  const leave = observer.subscribe(() => {});
  applyMessage(client, { t: "server_removed", id: "srv_1" });
  t.is(asked, 2);
  answers[0]!.resolve([server("gone", 1)]);
  answers[1]!.resolve([]);
  await answers[1]!.promise;
  await Promise.resolve();
  t.deepEqual(client.getQueryData(keys.servers), []);
  leave();
  client.clear();
});

test("a lost line comes back by itself; only a longer gap is worth a word; then everything is read again", async (t) => {
  const ports = fakePorts();
  const client = new QueryClient();
  const { sockets, dial } = fakeDial();
  const live = createLive(client, ports, dial);
  const close = live.open();
  sockets[0]!.fire("open");
  t.is(live.state(), "live");

  client.setQueryData(keys.servers, []);
  sockets[0]!.fire("close", { code: 1006 });
  t.is(live.state(), "live");
  await ports.advance(500);
  t.is(sockets.length, 2);
  sockets[1]!.fire("close", { code: 1006 });
  await ports.advance(1200);
  t.is(live.state(), "reconnecting");
  t.is(sockets.length, 3);
  t.false(client.getQueryState(keys.servers)!.isInvalidated);
  sockets[2]!.fire("open");
  t.is(live.state(), "live");
  t.true(client.getQueryState(keys.servers)!.isInvalidated);

  close();
  t.true(sockets[2]!.closed);
  sockets[2]!.fire("close", { code: 1000 });
  await ports.advance(60_000);
  t.is(sockets.length, 3);
});

test("a form keeps what it stands on when the line comes back", async (t) => {
  const client = new QueryClient();
  const read: string[] = [];
  const watch = (key: readonly string[]) =>
    new QueryObserver(client, {
      queryKey: key,
      queryFn: () => read.push(key[0]!),
      staleTime: Number.POSITIVE_INFINITY,
    }).subscribe(() => {});
  client.setQueryData(keys.gameSource("tiny"), 0);
  client.setQueryData(keys.gameTests("tiny"), 0);
  const leave = [watch(keys.gameSource("tiny")), watch(keys.gameTests("tiny"))];
  const { sockets, dial } = fakeDial();
  const close = createLive(client, fakePorts(), dial).open();
  sockets[0]!.fire("open");
  t.deepEqual(read, ["game-tests"]);
  for (const stop of [...leave, close]) stop();
  client.clear();
});

test("a line that is silent for 25 s is given up and dialled anew, whether or not the other side says goodbye", async (t) => {
  const ports = fakePorts();
  const { sockets, dial } = fakeDial();
  const live = createLive(new QueryClient(), ports, dial);
  const close = live.open();
  sockets[0]!.fire("open");
  await ports.advance(20_000);
  sockets[0]!.fire("message", { data: JSON.stringify({ t: "ping" }) });
  await ports.advance(24_000);
  t.is(sockets.length, 1);
  t.is(live.state(), "live");
  await ports.advance(1_000);
  t.true(sockets[0]!.closed);
  await ports.advance(2_000);
  t.is(sockets.length, 2);
  t.is(live.state(), "reconnecting");
  sockets[0]!.fire("close", { code: 1006 });
  sockets[1]!.fire("open");
  t.is(live.state(), "live");
  close();
});

test("looking again dials at once where the line is down or late, and leaves a good one alone", async (t) => {
  const ports = fakePorts();
  const { sockets, dial } = fakeDial();
  const live = createLive(new QueryClient(), ports, dial);
  live.stir();
  t.is(sockets.length, 0, "not before it is opened");
  const close = live.open();
  sockets[0]!.fire("open");
  live.stir();
  t.is(sockets.length, 1);
  await ports.advance(13_000);
  live.stir();
  t.is(sockets.length, 2);
  sockets[1]!.fire("close", { code: 1006 });
  live.stir();
  t.is(sockets.length, 3);
  await ports.advance(9_000);
  t.is(sockets.length, 3, "the try that was planned is off");
  close();
  live.stir();
  t.is(sockets.length, 3);
});

test("a session that ended asks anew who is signed in", (t) => {
  const client = new QueryClient();
  client.setQueryData(keys.me, { user_id: "usr_1" });
  const { sockets, dial } = fakeDial();
  const close = createLive(client, fakePorts(), dial).open();
  sockets[0]!.fire("open");
  t.false(client.getQueryState(keys.me)!.isInvalidated);
  sockets[0]!.fire("close", { code: 4401 });
  t.true(client.getQueryState(keys.me)!.isInvalidated);
  close();
});

test("a dial that is not answered within 10 s is given up", async (t) => {
  const ports = fakePorts();
  const { sockets, dial } = fakeDial();
  const close = createLive(new QueryClient(), ports, dial).open();
  await ports.advance(10_000);
  t.true(sockets[0]!.closed);
  close();
});
