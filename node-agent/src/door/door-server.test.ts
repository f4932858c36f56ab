import { mkdtemp, rm } from "node:fs/promises";
import { type Socket, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type FromDoor, ToDoor } from "@playspawn/shared";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { type AgentLink, agentLink } from "./agent-link.ts";
import type { Door, Knock } from "./door-client.ts";
import { doorServer, tableFrames } from "./door-server.ts";
import { openDoor } from "./door.ts";
import { readFrames, writeFrame } from "./json-lines.ts";
import { localAddresses } from "./local-addresses.ts";
import { silentLog } from "./log.ts";
import { doorSocketPath } from "./socket-path.ts";
import { closed, eventually, freePort, player, routeOf, tcpGame, udpGame, udpPlayer } from "./testing.ts";
import { watch } from "./watch.ts";

const base = { ports: systemPorts, log: silentLog };

async function socketPath(t: ExecutionContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), "door-"));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  return doorSocketPath(data);
}

/** A door in this process, connected to whatever agent is at `path`. */
async function doorAt(t: ExecutionContext, path: string, run = "run_1"): Promise<{ superseded: Promise<void> }> {
  const peer: { link?: AgentLink } = {};
  const core = openDoor({
    ...base,
    descriptors: 1000,
    addresses: localAddresses(systemPorts.clock),
    send: (frame) => peer.link?.send(frame),
  });
  const superseded = Promise.withResolvers<void>();
  const close = (): void => {
    core.close();
    peer.link?.close();
  };
  t.teardown(close);
  peer.link = await agentLink({
    handover: { works: true },
    ...base,
    socketPath: path,
    run,
    pid: 1,
    onConnected: () => core.onConnected(),
    onFrame: (frame) => (frame.t === "superseded" ? (close(), superseded.resolve()) : core.onFrame(frame)),
  });
  return { superseded: superseded.promise };
}

/** The agent's end, with its knocks and connections to wait for. */
async function agentAt(t: ExecutionContext, path: string) {
  const door: Door = await doorServer({ ...base, socketPath: path });
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (!isClosed) await door.close();
    isClosed = true;
  };
  t.teardown(close);
  const knocks: Knock[] = [];
  const connections: boolean[] = [];
  const waiting = watch(systemPorts.timers);
  door.onKnock((knock) => (knocks.push(knock), waiting.notify()));
  door.onConnection((connected) => (connections.push(connected), waiting.notify()));
  return {
    door,
    close,
    knocks,
    connections,
    knock: (server: string) => waiting.found(10_000, "a knock", () => knocks.find((each) => each.server === server)),
    connection: (count: number) =>
      waiting.found(10_000, "a connection", () => connections.length >= count || undefined),
  };
}

/** Waits until the figures of a server fit, second by second as the door says them. */
const figures = (
  t: ExecutionContext,
  door: Door,
  holds: (traffic: NonNullable<ReturnType<Door["traffic"]>>) => boolean,
): Promise<void> =>
  eventually(t, "the figures fit", () => {
    const traffic = door.traffic("srv_a");
    return traffic && holds(traffic);
  });

test("routes reach the door, knocks and figures reach the agent", async (t) => {
  const path = await socketPath(t);
  const agent = await agentAt(t, path);
  const port = await freePort("tcp");
  agent.door.setRoutes("srv_a", [routeOf({ publicPort: port })]);
  t.is(agent.door.traffic("srv_a"), undefined);
  await doorAt(t, path);
  t.deepEqual(await agent.door.settled(5000), []);
  const socket = await player(t, port);
  socket.write("hello");
  t.deepEqual(await agent.knock("srv_a"), { server: "srv_a", port: "game", source: `127.0.0.1:${socket.localPort}` });
  await figures(t, agent.door, ({ held, accepted, bytesIn }) => held === 1 && accepted === 1 && bytesIn === 5);
  t.deepEqual(agent.door.traffic("srv_other"), {
    open: 0,
    held: 0,
    accepted: 0,
    bytesIn: 0,
    bytesOut: 0,
    packetsIn: 0,
    passing: 0,
  });
  agent.door.setRoutes("srv_a", []);
  t.deepEqual(await agent.door.settled(5000), []);
  await t.throwsAsync(player(t, port), { code: "ECONNREFUSED" });
  t.like(agent.door.traffic("srv_a"), { accepted: 0, bytesIn: 0 }, "a server that left is forgotten");
});

test("settled tells the failures of the table at the time of the call, check tells what is free", async (t) => {
  const path = await socketPath(t);
  const agent = await agentAt(t, path);
  await doorAt(t, path);
  const [mine, free] = [await freePort("udp"), await freePort("udp")];
  agent.door.setRoutes("srv_a", [routeOf({ publicPort: mine, protocol: "udp" })]);
  agent.door.setRoutes("srv_b", [routeOf({ publicPort: mine, protocol: "udp", server: "srv_b" })]);
  t.deepEqual(await agent.door.settled(5000), [
    { server: "srv_b", protocol: "udp", port: mine, message: "the server srv_a" },
  ]);
  agent.door.setRoutes("srv_b", []);
  t.deepEqual(await agent.door.settled(5000), []);
  t.deepEqual(
    await agent.door.check([
      { protocol: "udp", port: mine },
      { protocol: "udp", port: free },
    ]),
    [{ protocol: "udp", port: mine, by: "the server srv_a" }],
  );
});

test("without a door, settled and check end with a sentence", async (t) => {
  const agent = await agentAt(t, await socketPath(t));
  await t.throwsAsync(agent.door.settled(50), { message: /The door is not running \(binding the public ports\)/ });
  t.is(agent.door.traffic("srv_a"), undefined);
});

test("while the agent is away the door relays and holds; the next agent hears who waits and how much flowed", async (t) => {
  const path = await socketPath(t);
  const first = await agentAt(t, path);
  const [tcp, udp, sleeping] = [await freePort("tcp"), await freePort("udp"), await freePort("tcp")];
  const tcpPeer = await tcpGame(t, (peer) => peer.pipe(peer));
  const udpPeer = await udpGame(t, (packet, reply) => reply(packet));
  const awake = [
    routeOf({ publicPort: tcp, mode: "awake", target: { host: "127.0.0.1", port: tcpPeer.port } }),
    routeOf({
      publicPort: udp,
      protocol: "udp",
      name: "query",
      mode: "awake",
      target: { host: "127.0.0.1", port: udpPeer.port },
    }),
  ];
  first.door.setRoutes("srv_a", awake);
  first.door.setRoutes("srv_b", [routeOf({ publicPort: sleeping, server: "srv_b" })]);
  await doorAt(t, path);
  await first.door.settled(5000);
  const ada = await player(t, tcp);
  const grace = await udpPlayer(t, udp);
  const echo = async (text: string): Promise<void> => {
    const heard = grace.heard.length;
    ada.write(text);
    await grace.say(text);
    t.is(String(await new Promise((resolve) => ada.once("data", resolve))), text);
    t.is(String((await grace.hears(heard + 1)).at(-1)), text);
  };
  await echo("before");
  await first.close();
  await echo("while it is away");
  const joan = await player(t, sleeping);
  joan.write("is anybody there?");

  const second = await agentAt(t, path);
  await second.knock("srv_b");
  await echo("not known yet");
  second.door.setRoutes("srv_a", awake);
  await second.door.settled(5000);
  await echo("known");
  await figures(t, second.door, ({ accepted, open, bytesIn }) => accepted === 2 && open === 2 && bytesIn > 60);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  second.door.setRoutes("srv_b", [
    routeOf({ publicPort: sleeping, server: "srv_b", mode: "awake", target: { host: "127.0.0.1", port: game.port } }),
  ]);
  t.is(String(await new Promise((resolve) => joan.once("data", resolve))), "is anybody there?");
});

test("the younger door wins, whoever connects last, and the older one gives its ports up", async (t) => {
  const path = await socketPath(t);
  const agent = await agentAt(t, path);
  const port = await freePort("tcp");
  agent.door.setRoutes("srv_a", [routeOf({ publicPort: port })]);
  const old = await doorAt(t, path, "run_1");
  await agent.door.settled(5000);
  await doorAt(t, path, "run_2");
  await old.superseded;
  const older = await doorAt(t, path, "run_0");
  await older.superseded;
  (await player(t, port)).write("hello");
  await agent.knock("srv_a");
  t.deepEqual(agent.connections.slice(0, 1), [true]);
});

test("a peer that speaks nonsense is cut off and the real door goes on", async (t) => {
  const path = await socketPath(t);
  const agent = await agentAt(t, path);
  await doorAt(t, path);
  await agent.connection(1);
  for (const nonsense of ["hello\n", '{"t":"hello"}\n', `"${"x".repeat(4 * 1024 * 1024)}`]) {
    const socket: Socket = connect({ path });
    socket.on("error", () => {});
    socket.write(nonsense);
    await closed(socket);
  }
  t.deepEqual(agent.connections, [true]);
  t.deepEqual(await agent.door.settled(5000), []);
});

test("a door that goes is noticed", async (t) => {
  const path = await socketPath(t);
  const agent = await agentAt(t, path);
  const socket = connect({ path });
  socket.write(`${JSON.stringify({ t: "hello", pid: 1, run: "run_1" } satisfies FromDoor)}\n`);
  await agent.connection(1);
  socket.destroy();
  await agent.connection(2);
  t.deepEqual(agent.connections, [true, false]);
});

/** A door that writes down what it is told. */
async function noting(t: ExecutionContext, path: string, run: string) {
  const socket = connect(path);
  t.teardown(() => socket.destroy());
  const told: unknown[] = [];
  const waiting = watch(systemPorts.timers);
  readFrames<ToDoor>(socket, ToDoor, (frame) => {
    if (frame.t === "routes") told.push(...frame.servers.map(({ server, icon }) => `${server} ${icon ?? "-"}`));
    waiting.notify();
  });
  writeFrame(socket, { t: "hello", pid: 1, run, answers: ["minecraft"] });
  return (count: number) => waiting.found(10_000, `${count} tables`, () => (told.length >= count ? told : undefined));
}

test("a picture is said when it is news, not with every change of routes, and again to a door that comes", async (t) => {
  const path = await socketPath(t);
  const { door } = await agentAt(t, path);
  const port = await freePort("tcp");
  door.setIcon("srv_a", Buffer.from("of nobody"));
  door.setRoutes("srv_a", [routeOf({ publicPort: port })]);
  const first = await noting(t, path, "run_1");
  t.deepEqual(await first(1), ["srv_a -"]);
  door.setIcon("srv_a", Buffer.from("icon"));
  door.setIcon("srv_a", Buffer.from("icon"));
  door.setRoutes("srv_a", [routeOf({ publicPort: port, playersMax: 2 })]);
  t.deepEqual(await first(3), ["srv_a -", "srv_a aWNvbg==", "srv_a -"]);
  t.deepEqual(await (await noting(t, path, "run_2"))(1), ["srv_a aWNvbg=="]);
});

test("a door that does not speak a protocol's words gets its routes without them", async (t) => {
  const path = await socketPath(t);
  const { door } = await agentAt(t, path);
  const asleep = { answer: "quake3", port: "game", motd: "Zzz" } as const;
  door.setRoutes("srv_a", [routeOf({ publicPort: await freePort("udp"), protocol: "udp", asleep })]);
  const socket = connect(path);
  t.teardown(() => socket.destroy());
  const frame = new Promise<ToDoor>((resolve) => readFrames<ToDoor>(socket, ToDoor, resolve));
  writeFrame(socket, { t: "hello", pid: 1, run: "run_1" });
  t.like(await frame, { servers: [{ routes: [{ asleep: null }] }] });
});

test("a whole table of any size goes in lines of bounded length", (t) => {
  const table = new Map(
    Array.from({ length: 3000 }, (_, i) => {
      const server = `srv_${i}`;
      return [server, [routeOf({ publicPort: 1 + i, server, notice: "x".repeat(300) })]];
    }),
  );
  const frames = [...tableFrames(table, 9, new Set())] as Extract<ToDoor, { t: "routes" }>[];
  t.true(frames.length > 3);
  t.true(frames.every((frame) => JSON.stringify(frame).length < 300_000));
  t.deepEqual(
    frames.map(({ reset }) => reset),
    [true, ...frames.slice(1).map(() => false)],
  );
  t.deepEqual(
    frames.map(({ done }) => done),
    [...frames.slice(1).map(() => false), true],
  );
  t.is(frames.flatMap(({ servers }) => servers).length, 3000);
  t.deepEqual(
    [...tableFrames(new Map(), 1, new Set())],
    [{ t: "routes", rev: 1, reset: true, done: true, servers: [] }],
  );
});
