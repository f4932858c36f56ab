import { once } from "node:events";
import type { Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import type { Route } from "@playspawn/shared";
import { silentLog } from "./log.ts";
import {
  type TestDoor,
  closed,
  eventually,
  freePort,
  player,
  readAll,
  routeOf,
  tcpGame,
  testDoor,
  turn,
  udpGame,
  udpPlayer,
} from "./testing.ts";

const localhost = "127.0.0.1";
const servers = ["srv_a", "srv_b", "srv_c", "srv_d", "srv_e"];

const ports = (count: number, protocol: "tcp" | "udp"): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, () => freePort(protocol)));

const awake = (server: string, protocol: "tcp" | "udp", publicPort: number, port: number): Route =>
  routeOf({ server, protocol, publicPort, mode: "awake", target: { host: localhost, port } });

/** Whether the game behind the door answers. */
async function isLetIn(socket: Socket): Promise<boolean> {
  socket.write("hello");
  return Promise.race([once(socket, "data").then(() => true), closed(socket).then(() => false)]);
}

/** Waits until the door has seen `accepted` connections or flows at a server. */
const accepted = (t: ExecutionContext, door: TestDoor, count: number, server = "srv_a"): Promise<void> =>
  eventually(t, `${count} were accepted`, () => (door.core.onConnected(), door.traffic(server)?.accepted === count));

test("five flooded servers leave another one its share of descriptors, and the log says once who is full", async (t) => {
  const clock = fakePorts();
  const said: object[] = [];
  const log = { ...silentLog, warn: (fields: object) => void said.push(fields) };
  const door = testDoor(t, { ports: clock, descriptors: 108, log });
  const [flooded, [quiet = 0], [quietUdp = 0]] = await Promise.all([ports(5, "tcp"), ports(1, "tcp"), ports(1, "udp")]);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  const other = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(
    ...flooded.map((port, i) => awake(servers[i]!, "tcp", port, game.port)),
    awake("srv_quiet", "tcp", quiet, game.port),
    { ...awake("srv_quiet", "udp", quietUdp, other.port), port: { name: "query", protocol: "udp", public: quietUdp } },
  );
  const idle = await Promise.all(flooded.flatMap((port) => Array.from({ length: 20 }, () => player(t, port))));
  await Promise.race(idle.map(closed));
  t.true(await isLetIn(await player(t, quiet)));
  const someone = await udpPlayer(t, quietUdp);
  await someone.say("hello");
  t.is((await someone.hears(1)).length, 1);
  await clock.advance(1000);
  const full = said.filter((fields) => "limit" in fields);
  t.true(full.length > 0 && full.length <= 5, JSON.stringify(full));
  t.like(full[0], { limit: "descriptors" });
  await clock.advance(30_000);
  t.is(said.filter((fields) => "limit" in fields).length, full.length);
});

test("a server alone may have all descriptors", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { descriptors: 21 });
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  await door.set(awake("srv_a", "tcp", publicPort, game.port));
  const letIn: boolean[] = [];
  for (let i = 0; i < 11; i++) letIn.push(await isLetIn(await player(t, publicPort)));
  t.deepEqual(letIn, [...Array<boolean>(10).fill(true), false]);
});

test("guests who wait at flooded servers leave room for the first one at a quiet server", async (t) => {
  const door = testDoor(t, { limits: { waitingPerDoor: 16 } });
  const publicPorts = await ports(5, "tcp");
  await door.set(...publicPorts.map((publicPort, i) => routeOf({ server: servers[i]!, publicPort })));
  for (const publicPort of publicPorts.slice(0, 4))
    for (let i = 0; i < 8; i++) (await player(t, publicPort)).write("hello");
  await eventually(t, "the flood is in", () => (door.core.onConnected(), (door.traffic("srv_d")?.accepted ?? 0) === 8));
  (await player(t, publicPorts[4]!)).write("hello");
  await door.knock("srv_e");
});

test("single bytes take no more memory than the limit of a connection", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { limits: { heldBytesPerConnection: 10_000 } });
  await door.set(routeOf({ publicPort }));
  const socket = await player(t, publicPort);
  const said = Buffer.from("abcdefghij".repeat(30));
  for (const byte of said) {
    socket.write(Buffer.from([byte]));
    await turn();
    await turn();
  }
  door.core.onConnected();
  // Each of them counts with what it takes besides its byte.
  t.true(door.traffic()!.packetsIn <= 10_000 / 256 + 1, `${door.traffic()!.packetsIn} chunks are held`);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  await door.set(awake("srv_a", "tcp", publicPort, game.port));
  socket.end();
  t.true((await readAll(socket)).equals(said));
});

test("who has no knock left knocks later, while they wait", async (t) => {
  const clock = fakePorts();
  const [first = 0, second = 0] = await ports(2, "tcp");
  const door = testDoor(t, { ports: clock, limits: { knocksPerSourceMinute: 1 } });
  await door.set(routeOf({ publicPort: first }), routeOf({ server: "srv_b", publicPort: second }));
  (await player(t, first)).write("hello");
  await door.knock();
  await clock.advance(30_000);
  (await player(t, second)).write("hello");
  await accepted(t, door, 1, "srv_b");
  await clock.advance(29_000);
  t.false(door.frames.some((frame) => frame.t === "knock" && frame.server === "srv_b"));
  await clock.advance(1000);
  await door.knock("srv_b");
});

test("forged datagrams push each other out, never a player who is in the game, and let a new one in", async (t) => {
  const clock = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports: clock, limits: { flowsPerPort: 8 } });
  // Answers nothing but what a client of the game says.
  const game = await udpGame(t, (packet, reply) => String(packet) === "forged" || reply(packet));
  await door.set(awake("srv_a", "udp", publicPort, game.port));
  const old = await udpPlayer(t, publicPort);
  await old.say("hello");
  await old.hears(1);
  await old.say("move");
  await old.hears(2);
  for (let wave = 1; wave <= 2; wave++) {
    for (let i = 0; i < 7; i++) {
      const forged = await udpPlayer(t, publicPort, localhost, `127.0.1.${i + 1}`);
      for (let n = 0; n < 4; n++) await forged.say("forged");
    }
    await accepted(t, door, 1 + 7 * wave);
    await clock.advance(600);
  }
  const late = await udpPlayer(t, publicPort, localhost, "127.0.0.9");
  await late.say("hello");
  t.is((await late.hears(1)).length, 1);
  await old.say("move");
  t.is((await old.hears(3)).length, 3);
  t.is(door.traffic()!.accepted, 15, "the old player is the same flow still");
});

test("forged replies take at most three quarters of the places, the ones with the oldest reply go first", async (t) => {
  const clock = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports: clock, limits: { flowsPerPort: 8 } });
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake("srv_a", "udp", publicPort, game.port));
  const answered = async (someone: Awaited<ReturnType<typeof udpPlayer>>): Promise<void> => {
    const count = someone.heard.length + 1;
    await someone.say("hello");
    await someone.hears(count);
  };
  const old = await udpPlayer(t, publicPort);
  await answered(old);
  for (let i = 0; i < 7; i++) {
    const forged = await udpPlayer(t, publicPort, localhost, `127.0.1.${i + 1}`);
    for (let n = 0; n < 3; n++) await answered(forged);
    await answered(old);
  }
  await clock.advance(600);
  await answered(await udpPlayer(t, publicPort, localhost, "127.0.0.9"));
  await answered(old);
  await accepted(t, door, 9);
});

test("whoever forges a player's address pushes out their own forged flows only", async (t) => {
  const clock = fakePorts();
  const [first = 0, second = 0] = await ports(2, "udp");
  const door = testDoor(t, { ports: clock, limits: { strangersPerSource: 4 } });
  const game = await udpGame(t, (packet, reply) => reply(packet));
  const route = awake("srv_a", "udp", first, game.port);
  await door.set(route, awake("srv_b", "udp", second, game.port));
  for (let i = 0; i < 9; i++) await (await udpPlayer(t, first)).say("forged");
  await accepted(t, door, 4);
  const elsewhere = await udpPlayer(t, second);
  await elsewhere.say("hello");
  t.is((await elsewhere.hears(1)).length, 1, "the flood at one server is no concern of another");
  await clock.advance(600);
  const here = await udpPlayer(t, first);
  await here.say("hello");
  t.is((await here.hears(1)).length, 1);
});
