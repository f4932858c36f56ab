import type { NetworkInterfaceInfo } from "node:os";
import test, { type ExecutionContext } from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { dialledAddresses } from "./local-addresses.ts";
import { type TestDoor, eventually, freePort, routeOf, testDoor, turn, udpGame, udpPlayer } from "./testing.ts";

const asleep = (publicPort: number): Parameters<TestDoor["set"]>[0] => routeOf({ publicPort, protocol: "udp" });
const awake = (publicPort: number, port: number): Parameters<TestDoor["set"]>[0] =>
  routeOf({ publicPort, protocol: "udp", mode: "awake", target: { host: "127.0.0.1", port } });

/** Waits until the door's figures fit. */
function figures(
  t: ExecutionContext,
  door: TestDoor,
  holds: (totals: NonNullable<ReturnType<TestDoor["traffic"]>>) => boolean,
): Promise<void> {
  return eventually(t, "the figures fit", () => {
    door.core.onConnected();
    const totals = door.traffic();
    return totals && holds(totals);
  });
}

/** A datagram on the loopback is in the door's socket when its sender is told; two turns of the loop read it. */
async function readByNow(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn();
}

test("datagrams to a sleeping server are held, wake it, arrive in order and byte by byte, and are answered", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  await door.set(asleep(publicPort));
  const someone = await udpPlayer(t, publicPort);
  const packets = Array.from({ length: 40 }, (_, i) =>
    Buffer.concat([
      Buffer.from([i]),
      Buffer.from(systemPorts.rng.bytes(1 + Math.floor(systemPorts.rng.float() * 1200))),
    ]),
  );
  for (const packet of packets) await someone.say(packet);
  const knock = await door.knock();
  t.deepEqual(knock, {
    t: "knock",
    server: "srv_a",
    port: "game",
    source: `127.0.0.1:${someone.socket.address().port}`,
  });
  await figures(t, door, ({ packetsIn }) => packetsIn === 40);
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  t.true(Buffer.concat(await someone.hears(40)).equals(Buffer.concat(packets)));
  for (const packet of packets) await someone.say(packet);
  t.true(Buffer.concat(await someone.hears(80)).equals(Buffer.concat([...packets, ...packets])));
  await figures(t, door, ({ accepted, held, open }) => accepted === 1 && held === 0 && open === 1);
});

test("each player has a port of their own at the game and gets their own answers", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  const seen = new Map<string, number>();
  const game = await udpGame(t, (packet, reply, from) => {
    seen.set(packet.toString(), from.port);
    reply(Buffer.from(`hello ${packet.toString()}`));
  });
  await door.set(awake(publicPort, game.port));
  const players = await Promise.all(
    ["ada", "grace", "joan"].map(async (name) => ({ name, at: await udpPlayer(t, publicPort) })),
  );
  for (const { name, at } of players) await at.say(name);
  for (const { name, at } of players) t.deepEqual((await at.hears(1)).map(String), [`hello ${name}`]);
  t.is(new Set(seen.values()).size, 3);
});

test("players are served over IPv6 too", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  await door.set(asleep(publicPort));
  const someone = await udpPlayer(t, publicPort, "::1");
  await someone.say("hello");
  t.is((await door.knock()).source, `[::1]:${someone.socket.address().port}`);
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  t.deepEqual((await someone.hears(1)).map(String), ["hello"]);
});

test("an answer leaves from the address that was dialled, also one that came or went meanwhile", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  let addresses: readonly string[] = ["127.0.0.5"];
  const door = testDoor(t, { ports, addresses: () => addresses });
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  const five = await udpPlayer(t, publicPort, "127.0.0.5");
  await five.say("hello");
  // A connected socket hears only the address it dialled.
  t.deepEqual((await five.hears(1)).map(String), ["hello"]);
  const six = await udpPlayer(t, publicPort, "127.0.0.6");
  await six.say("lost on the way back");
  await figures(t, door, ({ packetsIn, bytesOut }) => packetsIn === 2 && bytesOut > 10);
  addresses = ["127.0.0.6"];
  await ports.advance(1000);
  await eventually(t, "the new address answers", async () => {
    await six.say("again");
    return six.heard.length > 0;
  });
  const plain = await udpPlayer(t, publicPort);
  await plain.say("and the others go on");
  t.is((await plain.hears(1)).length, 1);
});

test("the addresses that players dial are those of cards, not of bridges or loops", (t) => {
  const card = (address: string, internal = false) => ({ address, internal }) as NetworkInterfaceInfo;
  const interfaces = {
    lo: [card("127.0.0.1", true), card("::1", true)],
    eth0: [card("192.0.2.1"), card("192.0.2.2"), card("2001:db8::1"), card("fe80::1")],
    docker0: [card("172.17.0.1")],
  };
  const isBridge = (name: string): boolean => name === "docker0";
  t.deepEqual(dialledAddresses(interfaces, isBridge), ["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
  const many = Array.from({ length: 20 }, (_, i) => card(`192.0.2.${i}`));
  t.deepEqual(dialledAddresses({ eth0: many }, isBridge), []);
});

test("the first datagrams are kept when there are too many", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t, { limits: { heldPacketsPerFlow: 5, heldBytesPerFlow: 100 } });
  await door.set(asleep(publicPort));
  const [many, large] = [await udpPlayer(t, publicPort), await udpPlayer(t, publicPort)];
  for (let i = 0; i < 9; i++) await many.say(`${i}`);
  for (const size of [60, 50, 40, 1]) await large.say(Buffer.alloc(size));
  await figures(t, door, ({ packetsIn, held }) => packetsIn === 13 && held === 2);
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  await Promise.all([many.say("last"), large.say("last")]);
  t.deepEqual((await many.hears(6)).map(String), ["0", "1", "2", "3", "4", "last"]);
  t.deepEqual(
    (await large.hears(3)).map((packet) => packet.length),
    [60, 40, 4],
  );
});

test("a hold ends after a minute, and with it the knocking", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports });
  await door.set(asleep(publicPort));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("hello");
  await door.knock();
  await ports.advance(59_000);
  t.is(door.frames.filter((frame) => frame.t === "knock").length, 60);
  await ports.advance(5000);
  t.is(door.frames.filter((frame) => frame.t === "knock").length, 60);
  t.like(door.traffic(), { held: 0, open: 0 });
});

test("what was held too long is forgotten although the player goes on", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports });
  await door.set(asleep(publicPort));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("old");
  await figures(t, door, ({ packetsIn }) => packetsIn === 1);
  await ports.advance(40_000);
  await someone.say("less old");
  await figures(t, door, ({ packetsIn }) => packetsIn === 2);
  await ports.advance(21_000);
  await figures(t, door, ({ held }) => held === 0);
  await someone.say("new");
  await figures(t, door, ({ held }) => held === 1);
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  t.deepEqual((await someone.hears(1)).map(String), ["new"]);
});

test("a flow ends after a minute of silence and frees its socket", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports });
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("hello");
  await someone.hears(1);
  await ports.advance(40_000);
  await someone.say("still here");
  await someone.hears(2);
  await ports.advance(40_000);
  t.like(door.traffic(), { open: 1 });
  await ports.advance(21_000);
  t.like(door.traffic(), { open: 0 });
});

test("who asks once and falls silent is told from who goes on, however slowly, and from who says much", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports });
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  const [asker, slow, busy] = await Promise.all([
    udpPlayer(t, publicPort),
    udpPlayer(t, publicPort),
    udpPlayer(t, publicPort),
  ]);
  for (const one of [asker, slow, busy]) {
    await one.say("hello");
    await one.hears(1);
  }
  await ports.advance(1_000);
  t.like(door.traffic(), { open: 3, passing: 3 });
  for (let n = 2; n <= 31; n++) {
    await busy.say("move");
    await busy.hears(n);
  }
  await ports.advance(24_000);
  t.like(door.traffic(), { open: 3, passing: 2 });
  await slow.say("still here");
  await slow.hears(2);
  await ports.advance(1_000);
  t.like(door.traffic(), { open: 3, passing: 1 });
  await ports.advance(36_000);
  t.like(door.traffic(), { open: 1, passing: 0 }, "the slow one alone is left");
});

test("a player who is in the game when it falls asleep does not wake it by going on; one who comes back does", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports });
  const heard: string[] = [];
  const game = await udpGame(t, (packet, reply) => {
    heard.push(packet.toString());
    reply(packet);
  });
  await door.set(awake(publicPort, game.port));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("in");
  await someone.hears(1);
  await door.set(asleep(publicPort));
  for (let i = 0; i < 4; i++) {
    await ports.advance(100);
    await someone.say("still");
    await someone.hears(2 + i);
  }
  t.false(door.frames.some((frame) => frame.t === "knock"));
  await ports.advance(1000);
  await someone.say("again");
  await door.knock();
  t.deepEqual(heard, ["in", "still", "still", "still", "still"]);
  await door.set(awake(publicPort, game.port));
  t.is((await someone.hears(6)).at(-1)?.toString(), "again");
});

test("one who never stops wakes it after ten seconds", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("udp");
  const door = testDoor(t, { ports });
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("in");
  await someone.hears(1);
  await door.set(asleep(publicPort));
  for (let i = 1; i <= 25; i++) {
    await ports.advance(400);
    await someone.say("still");
    if (i < 25) await someone.hears(1 + i);
  }
  await door.knock();
  t.is(someone.heard.length, 25);
});

test("a flow keeps its port at the game over a nap of the route", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  const from: number[] = [];
  const game = await udpGame(t, (packet, reply, sender) => {
    from.push(sender.port);
    reply(packet);
  });
  await door.set(awake(publicPort, game.port));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("one");
  await someone.hears(1);
  await door.set(routeOf({ publicPort, protocol: "udp", mode: "waking" }));
  await someone.say("two");
  await door.knock();
  await door.set(awake(publicPort, game.port));
  await someone.hears(2);
  t.is(from[0], from[1]);
});

test("a game that moved is reached where it is now, and one whose port is shut costs nothing but datagrams", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  const nobody = await freePort("udp");
  await door.set(awake(publicPort, nobody));
  const someone = await udpPlayer(t, publicPort);
  for (let i = 0; i < 5; i++) await someone.say("lost");
  await figures(t, door, ({ packetsIn }) => packetsIn === 5);
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  await someone.say("found");
  t.is((await someone.hears(1)).at(-1)?.toString(), "found");
});

test("a target that no route leads to costs its own players datagrams, and nobody else anything", async (t) => {
  const [publicPort, otherPort] = [await freePort("udp"), await freePort("udp")];
  const door = testDoor(t);
  const game = await udpGame(t, (packet, reply) => reply(packet));
  const other = { ...awake(otherPort, game.port), server: "srv_b" };
  // The kernel refuses a plain socket the way to a broadcast address, as it does where there is no route.
  const nowhere = { ...awake(publicPort, game.port), target: { host: "255.255.255.255", port: 9 } };
  await door.set(nowhere, other);
  const [lost, neighbour] = [await udpPlayer(t, publicPort), await udpPlayer(t, otherPort)];
  await lost.say("one");
  await figures(t, door, ({ packetsIn, open }) => packetsIn === 1 && open === 0);
  await lost.say("two");
  await figures(t, door, ({ packetsIn, open }) => packetsIn === 2 && open === 0);
  await neighbour.say("hello");
  t.deepEqual((await neighbour.hears(1)).map(String), ["hello"]);
  await door.set(awake(publicPort, game.port));
  t.deepEqual((await lost.hears(2)).map(String), ["one", "two"], "what was held meanwhile is kept for the game");
});

test("a closed port stays silent and does not knock", async (t) => {
  const publicPort = await freePort("udp");
  const door = testDoor(t);
  await door.set(asleep(publicPort));
  const someone = await udpPlayer(t, publicPort);
  await someone.say("hello");
  await door.knock();
  await door.set(routeOf({ publicPort, protocol: "udp", mode: "closed" }));
  await figures(t, door, ({ held }) => held === 0);
  await someone.say("hello?");
  await readByNow();
  const game = await udpGame(t, (packet, reply) => reply(packet));
  await door.set(awake(publicPort, game.port));
  await someone.say("now");
  t.deepEqual((await someone.hears(1)).map(String), ["now"]);
});
