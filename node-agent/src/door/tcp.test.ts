import { once } from "node:events";
import { type Socket, createServer } from "node:net";
import test from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
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
} from "./testing.ts";

const localhost = "127.0.0.1";

/** Random bytes, the same for both ends. */
const noise = (bytes: number): Buffer => Buffer.from(systemPorts.rng.bytes(Math.min(bytes, 65_536))).subarray(0, bytes);
const manyBytes = (bytes: number): Buffer => {
  const chunk = noise(65_521);
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / chunk.length) }, () => chunk)).subarray(0, bytes);
};

async function writeInPieces(socket: Socket, data: Buffer, largest: number): Promise<void> {
  for (let from = 0; from < data.length;) {
    const size = 1 + Math.floor(systemPorts.rng.float() * largest);
    if (!socket.write(data.subarray(from, from + size))) await once(socket, "drain");
    from += size;
  }
}

const awake = (publicPort: number, port: number): Parameters<TestDoor["set"]>[0] =>
  routeOf({ publicPort, mode: "awake", target: { host: localhost, port } });

test("what a player sends to a sleeping server arrives in order, with all that follows, over one accepted connection", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  await door.set(routeOf({ publicPort }));
  const early = noise(20_000);
  const late = manyBytes(3_000_000);
  const socket = await player(t, publicPort);
  await writeInPieces(socket, early, 700);
  const knock = await door.knock();
  t.deepEqual(knock, { t: "knock", server: "srv_a", port: "game", source: `127.0.0.1:${socket.localPort}` });

  let answered: Promise<Buffer> | undefined;
  const game = await tcpGame(t, (peer) => {
    answered = readAll(peer);
    void answered.then((all) => peer.end(all));
  });
  await door.set(awake(publicPort, game.port));
  const writing = writeInPieces(socket, late, 40_000).then(() => socket.end());
  const echoed = await readAll(socket);
  await writing;
  t.true((await answered!).equals(Buffer.concat([early, late])));
  t.true(echoed.equals(Buffer.concat([early, late])));
  await door.until("figures", (frame) => {
    const figures = frame.t === "traffic" ? frame.servers[0] : undefined;
    return figures?.bytesOut === early.length + late.length && figures.open === 0 ? figures : undefined;
  });
  t.like(door.traffic(), { accepted: 1, held: 0, bytesIn: 3_020_000, bytesOut: 3_020_000 });
});

test("an awake server is dialled at once, and a half-close reaches both ends", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  const game = await tcpGame(t, (peer) => {
    peer.resume();
    peer.once("end", () => peer.end("I heard you finish"));
  });
  await door.set(awake(publicPort, game.port));
  const socket = await player(t, publicPort);
  socket.end("over");
  t.is((await readAll(socket)).toString(), "I heard you finish");
  t.false(door.frames.some((frame) => frame.t === "knock"));
});

test("a half-close before the wake is passed on after it, without a further knock", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { ports });
  await door.set(routeOf({ publicPort }));
  const socket = await player(t, publicPort);
  socket.end("question");
  await door.knock();
  await eventually(t, "the end was seen", () => {
    const before = door.frames.length;
    door.core.onConnected();
    return !door.frames.slice(before).some((frame) => frame.t === "knock");
  });
  const game = await tcpGame(t, (peer) => void readAll(peer).then((all) => peer.end(`answer to ${all.toString()}`)));
  await door.set(awake(publicPort, game.port));
  t.is((await readAll(socket)).toString(), "answer to question");
});

test("a knock is repeated every second and after reconnecting, until the player gives up", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { ports });
  await door.set(routeOf({ publicPort }));
  const socket = await player(t, publicPort);
  socket.write("hello");
  await door.knock();
  const knocks = (): number => door.frames.filter((frame) => frame.t === "knock").length;
  await ports.advance(2000);
  t.is(knocks(), 3);
  door.core.onConnected();
  t.is(knocks(), 4);
  await door.set(routeOf({ publicPort, mode: "waking" }));
  await ports.advance(1000);
  t.is(knocks(), 5);
  socket.resetAndDestroy();
  await eventually(t, "the player is gone", () => {
    void ports.advance(1000);
    return door.traffic()?.held === 0;
  });
  const before = knocks();
  await ports.advance(5000);
  t.is(knocks(), before);
});

test("a connection that stays silent knocks after a second, a port scan does not", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { ports });
  await door.set(routeOf({ publicPort }));
  const scan = await player(t, publicPort);
  await eventually(t, "it was accepted", () => (void ports.advance(0), ports.pending() > 1));
  scan.end();
  await closed(scan);
  await ports.advance(3000);
  t.false(door.frames.some((frame) => frame.t === "knock"));
  const patient = await player(t, publicPort);
  await eventually(t, "it was accepted", () => ports.pending() > 1);
  await ports.advance(999);
  t.false(door.frames.some((frame) => frame.t === "knock"));
  await ports.advance(1);
  await door.knock();
  t.false(patient.destroyed);
});

test("a hold ends after a minute", async (t) => {
  const ports = fakePorts();
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { ports });
  await door.set(routeOf({ publicPort }));
  const socket = await player(t, publicPort);
  socket.write("hello");
  await door.knock();
  await ports.advance(59_000);
  t.false(socket.destroyed);
  await ports.advance(1000);
  await closed(socket);
  t.pass();
});

test("held bytes have a limit; what is beyond waits at the sender and arrives all the same", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { limits: { heldBytesPerConnection: 10_000 } });
  await door.set(routeOf({ publicPort }));
  const socket = await player(t, publicPort);
  const data = manyBytes(8_000_000);
  const writing = writeInPieces(socket, data, 60_000).then(() => socket.end());
  await door.knock();
  const figures = await door.until("figures", (frame) => (frame.t === "traffic" ? frame.servers[0] : undefined));
  // One read of the kernel's buffer may go over the limit, no more.
  t.true(figures.bytesIn < 10_000 + 65_537, `${figures.bytesIn}`);
  const game = await tcpGame(
    t,
    (peer) => void readAll(peer).then((all) => peer.end(all.equals(data) ? "same" : "other")),
  );
  await door.set(awake(publicPort, game.port));
  t.is((await readAll(socket)).toString(), "same");
  await writing;
});

test("a reader that does not read stops the writer instead of filling the door", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  let written = 0;
  const game = await tcpGame(t, (peer) => {
    const chunk = Buffer.alloc(64 * 1024);
    const pour = (): void => {
      while (written < 400_000_000) {
        written += chunk.length;
        if (!peer.write(chunk)) return void peer.once("drain", pour);
      }
    };
    pour();
  });
  await door.set(awake(publicPort, game.port));
  const socket = await player(t, publicPort);
  socket.pause();
  // That nothing more happens has no event: it stands still when two looks 300 ms apart see the same.
  let last = -1;
  while (written !== last) {
    last = written;
    await systemPorts.timers.sleep(300);
  }
  t.true(written < 100_000_000, `${written} bytes went into a connection that nobody reads`);
});

test("nothing is refused while the server wakes and sleeps and wakes", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  const modes = ["asleep", "awake", "waking", "awake", "asleep", "awake"] as const;
  const visits: Promise<string>[] = [];
  await door.set(routeOf({ publicPort }));
  for (let round = 0; round < 5; round++)
    for (const mode of modes) {
      visits.push(
        player(t, publicPort).then(async (socket) => {
          socket.end(`visit ${round} ${mode}`);
          return (await readAll(socket)).toString();
        }),
      );
      await door.set(mode === "awake" ? awake(publicPort, game.port) : routeOf({ publicPort, mode }));
    }
  t.deepEqual(
    await Promise.all(visits),
    Array.from({ length: 5 }, (_, round) => modes.map((mode) => `visit ${round} ${mode}`)).flat(),
  );
});

test("a relayed connection outlives the sleep that follows; the next one is held", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  await door.set(awake(publicPort, game.port));
  const old = await player(t, publicPort);
  old.write("one");
  t.is(String((await once(old, "data"))[0]), "one");
  await door.set(routeOf({ publicPort }));
  old.write("two");
  t.is(String((await once(old, "data"))[0]), "two");
  const next = await player(t, publicPort);
  next.write("wake up");
  await door.knock();
});

test("a game that refuses for a moment is tried again; one that does not come up costs the connection", async (t) => {
  const [publicPort, gamePort] = await Promise.all([freePort("tcp"), freePort("tcp")]);
  const door = testDoor(t, { limits: { dialMs: 1500 } });
  await door.set(awake(publicPort, gamePort));
  const early = await player(t, publicPort);
  early.write("hello");
  await eventually(t, "it is being dialled", () => (door.core.onConnected(), door.traffic()?.held === 1));
  const late = createServer((peer) => peer.pipe(peer)).listen(gamePort, localhost);
  t.is(String((await once(early, "data"))[0]), "hello");
  early.destroy();
  await new Promise((resolve) => late.close(resolve));
  const lost = await player(t, publicPort);
  await closed(lost);
});

test("a server that falls asleep while it is dialled takes the connection back into the hold", async (t) => {
  const ports = fakePorts();
  const [publicPort, gamePort] = await Promise.all([freePort("tcp"), freePort("tcp")]);
  const door = testDoor(t, { ports });
  await door.set(awake(publicPort, gamePort));
  const socket = await player(t, publicPort);
  socket.write("hello");
  await eventually(t, "it is being dialled", () => (door.core.onConnected(), door.traffic()?.held === 1));
  await door.set(routeOf({ publicPort }));
  await door.knock();
  const dying = createServer(() => t.fail("the game that is being put to sleep must not get it")).listen(
    gamePort,
    localhost,
  );
  await once(dying, "listening");
  for (let i = 0; i < 10; i++) {
    await ports.advance(250);
    await turn();
  }
  await new Promise((resolve) => dying.close(resolve));
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  await door.set(awake(publicPort, game.port));
  t.is(String((await once(socket, "data"))[0]), "hello");
});

test("a closed port accepts and closes, and ends what was held", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  await door.set(routeOf({ publicPort }));
  const held = await player(t, publicPort);
  held.write("hello");
  await door.knock();
  await door.set(routeOf({ publicPort, mode: "closed" }));
  await closed(held);
  const late = await player(t, publicPort);
  await closed(late);
  t.is(door.frames.filter((frame) => frame.t === "knock").length, 1);
});

test("a full room lets a player in at the cost of a silent connection, and limits each source", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { limits: { waitingPerServer: 4, waitingPerSource: 3 } });
  await door.set(routeOf({ publicPort }));
  const silent = [await player(t, publicPort, "127.0.0.2"), await player(t, publicPort, "127.0.0.2")];
  const speaking = [await player(t, publicPort, "127.0.0.3"), await player(t, publicPort, "127.0.0.3")];
  for (const socket of speaking) socket.write("hello");
  await door.knock();
  const fifth = await player(t, publicPort, "127.0.0.4");
  fifth.write("me too");
  await closed(silent[0]!);
  t.false(silent[1]!.destroyed);
  const held = (count: number) => () => (door.core.onConnected(), door.traffic()?.held === count);
  await eventually(t, "three wait", held(3));
  const third = await player(t, publicPort, "127.0.0.3");
  third.write("one more");
  await eventually(t, "four wait", held(4));
  const fourth = await player(t, publicPort, "127.0.0.3");
  fourth.write("and another");
  await closed(fourth);
  t.false(third.destroyed || fifth.destroyed);
  const stranger = await player(t, publicPort, "127.0.0.5");
  stranger.write("all seats are taken");
  await closed(stranger);
  t.false(speaking.some((socket) => socket.destroyed));
});

test("connections to an awake server are limited per source and per server; those that end make place", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { limits: { connectionsPerServer: 5, connectionsPerSource: 3 } });
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  await door.set(awake(publicPort, game.port));
  const enter = async (address: string): Promise<Socket | undefined> => {
    const socket = await player(t, publicPort, address);
    socket.write("hello");
    const isIn = await Promise.race([once(socket, "data").then(() => true), closed(socket).then(() => false)]);
    return isIn ? socket : undefined;
  };
  const greedy = [await enter("127.0.0.2"), await enter("127.0.0.2"), await enter("127.0.0.2")];
  t.true(greedy.every(Boolean));
  t.is(await enter("127.0.0.2"), undefined, "this source has its share");
  t.truthy(await enter("127.0.0.3"), "others come in");
  t.truthy(await enter("127.0.0.4"));
  t.is(await enter("127.0.0.5"), undefined, "the server has all it may have");
  greedy[0]!.destroy();
  await eventually(t, "its place is free", () => enter("127.0.0.5"));
});

test("a server that is given up loses its port and its connections", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t);
  const game = await tcpGame(t, (peer) => peer.pipe(peer));
  await door.set(awake(publicPort, game.port));
  const socket = await player(t, publicPort);
  socket.write("x");
  await once(socket, "data");
  await door.give("srv_a");
  await closed(socket);
  await t.throwsAsync(player(t, publicPort), { code: "ECONNREFUSED" });
});
