import { once } from "node:events";
import type { Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { fakePorts } from "@playspawn/shared/ports/fake.ts";
import {
  type TestDoor,
  asleepMinecraft,
  closed,
  eventually,
  freePort,
  player,
  readAll,
  routeOf,
  tcpGame,
  testDoor,
  turn,
} from "../testing.ts";
import { minecraftGreeter } from "./minecraft.ts";
import { readVarInt, varInt } from "../../lib/varint.ts";
import { packetOf, stringPacket } from "./minecraft-packets.ts";

const handshake = (next: number, protocol = 754, host = "play.example.org"): Buffer => {
  const name = Buffer.from(host);
  return packetOf(
    Buffer.concat([
      Buffer.from([0]),
      varInt(protocol),
      varInt(name.length),
      name,
      Buffer.from([0x63, 0xdd]),
      varInt(next),
    ]),
  );
};
const request = packetOf(Buffer.from([0]));
const ping = packetOf(Buffer.from([1, 1, 2, 3, 4, 5, 6, 7, 8]));
const loginStart = stringPacket(0x00, "ada");

const sleeper = (
  publicPort: number,
  more: Partial<Parameters<typeof routeOf>[0]> = {},
): Parameters<TestDoor["set"]>[0] => routeOf({ publicPort, asleep: asleepMinecraft, ...more });

/** A player and a door with a sleeping Minecraft server. */
async function atTheDoor(t: ExecutionContext, more: Partial<Parameters<typeof routeOf>[0]> = {}, ports = fakePorts()) {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { ports });
  await door.set(sleeper(publicPort, more));
  return { door, publicPort, ports, socket: await player(t, publicPort) };
}

/** The text of a packet of one string, and what follows it. */
function readString(bytes: Buffer): { id: number; text: string; rest: Buffer } {
  const size = readVarInt(bytes, 0, 3);
  if (typeof size === "string") throw new Error(`no packet: ${size}`);
  const end = size.end + size.value;
  const length = readVarInt(bytes, size.end + 1, 3);
  if (typeof length === "string") throw new Error("no string");
  return { id: bytes[size.end]!, text: bytes.subarray(length.end, end).toString(), rest: bytes.subarray(end) };
}

const knocks = (door: TestDoor): number => door.frames.filter((frame) => frame.t === "knock").length;

async function inPieces(socket: Socket, data: Buffer): Promise<void> {
  for (const byte of data) await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve));
}

test("a status ping is answered that it sleeps, in the client's own version, and wakes nobody", async (t) => {
  const { door, socket, ports } = await atTheDoor(t, { playersMax: 20 });
  await inPieces(socket, Buffer.concat([handshake(1, 47), request, ping]));
  const answer = readString(await readAll(socket));
  t.is(answer.id, 0);
  const { favicon, ...said } = JSON.parse(answer.text) as { favicon: string };
  t.regex(favicon, /^data:image\/png;base64,iVBORw0KGgo/);
  t.deepEqual(said as object, {
    version: { name: "asleep", protocol: 47 },
    players: { online: 0, max: 20 },
    description: { text: "Zzz. Join to wake it." },
  });
  t.true(answer.rest.equals(ping));
  await ports.advance(5000);
  t.is(knocks(door), 0);
});

test("a status is answered once, however often it is asked for and although nobody reads", async (t) => {
  const { socket } = await atTheDoor(t);
  socket.write(Buffer.concat([handshake(1), ...Array.from({ length: 4000 }, () => request)]));
  const answer = readString(await readAll(socket));
  t.is(answer.id, 0);
  t.is(answer.rest.length, 0);
});

test("a first packet that fills the hold is answered, and what follows is read", async (t) => {
  const publicPort = await freePort("tcp");
  const door = testDoor(t, { ports: fakePorts(), limits: { heldBytesPerConnection: 1 } });
  await door.set(sleeper(publicPort));
  const socket = await player(t, publicPort);
  socket.write(handshake(1));
  await eventually(t, "it was read", () => (door.core.onConnected(), door.traffic()?.packetsIn === 1));
  socket.write(request);
  await once(socket, "data");
  socket.write(ping);
  t.true((await readAll(socket)).equals(ping));
});

test("while it wakes the status says so, and a reason why it cannot comes first", async (t) => {
  const waking = await atTheDoor(t, { mode: "waking" });
  waking.socket.write(Buffer.concat([handshake(1), request, ping]));
  const { text } = readString(await readAll(waking.socket));
  t.regex(JSON.parse(text).description.text, /Waking up/);
  const denied = await atTheDoor(t, { mode: "closed", notice: "This server is stopped." });
  denied.socket.write(Buffer.concat([handshake(1), request, ping]));
  t.is(JSON.parse(readString(await readAll(denied.socket)).text).description.text, "This server is stopped.");
});

test("a login knocks, and the game gets every byte of it", async (t) => {
  for (const next of [2, 3]) {
    const { door, socket, publicPort } = await atTheDoor(t);
    await inPieces(socket, Buffer.concat([handshake(next), loginStart]));
    t.is((await door.knock()).server, "srv_a");
    const game = await tcpGame(t, (peer) => peer.pipe(peer));
    await door.set(sleeper(publicPort, { mode: "awake", target: { host: "127.0.0.1", port: game.port } }));
    socket.end();
    t.true((await readAll(socket)).equals(Buffer.concat([handshake(next), loginStart])));
  }
});

test("a client whose status exchange is under way when the server wakes gets its answer here", async (t) => {
  const { door, socket, publicPort } = await atTheDoor(t);
  socket.write(Buffer.concat([handshake(1), request]));
  await once(socket, "data");
  const game = await tcpGame(t, () => t.fail("the game must not see half an exchange"));
  await door.set(sleeper(publicPort, { mode: "awake", target: { host: "127.0.0.1", port: game.port } }));
  socket.write(ping);
  t.true((await readAll(socket)).equals(ping));
});

test("a login is told why the server cannot wake: one that comes, and one that was held already", async (t) => {
  const { door, socket, publicPort } = await atTheDoor(t);
  socket.write(Buffer.concat([handshake(2), loginStart]));
  await door.knock();
  await door.set(sleeper(publicPort, { notice: "No credit is left." }));
  t.deepEqual(JSON.parse(readString(await readAll(socket)).text), { text: "No credit is left." });
  const before = knocks(door);
  const late = await player(t, publicPort);
  late.write(Buffer.concat([handshake(2), loginStart]));
  t.deepEqual(JSON.parse(readString(await readAll(late)).text), { text: "No credit is left." });
  t.is(knocks(door), before + 1);
  await door.set(sleeper(publicPort, { mode: "closed", notice: "It is stopped." }));
  const last = await player(t, publicPort);
  last.write(Buffer.concat([handshake(2), loginStart]));
  t.deepEqual(JSON.parse(readString(await readAll(last)).text), { text: "It is stopped." });
  t.is(knocks(door), before + 1);
});

test("a login is held as long as its client waits, then told what happens and when to come back", async (t) => {
  const { door, socket, ports, publicPort } = await atTheDoor(t);
  socket.write(Buffer.concat([handshake(2), loginStart]));
  await door.knock();
  await door.set(sleeper(publicPort, { mode: "waking", asleep: { ...asleepMinecraft, usualSeconds: 40 } }));
  await ports.advance(26_000);
  t.false(socket.readableEnded);
  await ports.advance(1_000);
  t.deepEqual(JSON.parse(readString(await readAll(socket)).text), {
    text: "The server is still waking up. It usually takes 40 s. Come back in 13 s.",
  });
});

test("a list shows the picture of the server's own world, until it is taken back", async (t) => {
  const { door, socket, publicPort } = await atTheDoor(t);
  const shown = async (to: Socket): Promise<string> => {
    to.write(Buffer.concat([handshake(1), request, ping]));
    return (JSON.parse(readString(await readAll(to)).text) as { favicon: string }).favicon;
  };
  const set = (icon: string | null): void => {
    const servers = [{ server: "srv_a", routes: [sleeper(publicPort)], icon }];
    door.core.onFrame({ t: "routes", rev: 90, reset: false, done: true, servers });
  };
  set("aWNvbg==");
  await door.set(sleeper(publicPort, { playersMax: 3 }));
  t.is(await shown(socket), "data:image/png;base64,aWNvbg==");
  set(null);
  t.regex(await shown(await player(t, publicPort)), /^data:image\/png;base64,iVBOR/);
});

test("the list says how long a wake usually takes", async (t) => {
  const { door, socket, publicPort } = await atTheDoor(t);
  await door.set(sleeper(publicPort, { asleep: { ...asleepMinecraft, usualSeconds: 3 } }));
  socket.write(Buffer.concat([handshake(1), request, ping]));
  const status = JSON.parse(readString(await readAll(socket)).text) as { description: { text: string } };
  t.is(status.description.text, "Zzz. Join to wake it. Usually awake in 3 s.");
});

test("pings of old clients are answered in their own way", async (t) => {
  const answerTo = async (bytes: number[]): Promise<string> => {
    const { door, socket, ports } = await atTheDoor(t);
    socket.write(Buffer.from(bytes));
    const answer = readAll(socket);
    while (!socket.readableEnded) {
      await ports.advance(250);
      await turn();
    }
    t.is(knocks(door), 0);
    const all = await answer;
    t.is(all[0], 0xff);
    t.is(all.readUInt16BE(1) * 2, all.length - 3);
    return Buffer.from(all.subarray(3)).swap16().toString("utf16le");
  };
  t.is(await answerTo([0xfe]), "Zzz. Join to wake it.§0§0");
  t.is(await answerTo([0xfe, 0x01]), "§1\x00127\0asleep\0Zzz. Join to wake it.\x000\x000");
  t.is(await answerTo([0xfe, 0x01, 0xfa, 0x00]), "§1\x00127\0asleep\0Zzz. Join to wake it.\x000\x000");
});

test("what no client says is dropped and wakes nobody", async (t) => {
  const garbage: Record<string, Buffer> = {
    http: Buffer.from(`GET / HTTP/1.1\r\nHost: ${"x".repeat(80)}\r\n\r\n`),
    tls: Buffer.from(`16030100c8010000c40303${"5a".repeat(32)}`, "hex"),
    "endless length": Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]),
    "no length": Buffer.from([0]),
    "another packet": packetOf(Buffer.from([5, 1, 2])),
    "unknown state": handshake(7),
    "host longer than the packet": packetOf(Buffer.from([0, 4, 90, 65, 1, 1, 1])),
    "endless protocol": packetOf(Buffer.from([0, 255, 255, 255, 255, 255, 255, 1])),
    "ping of wrong length": Buffer.concat([handshake(1), packetOf(Buffer.from([1, 2]))]),
  };
  for (const [what, bytes] of Object.entries(garbage)) {
    const { door, socket } = await atTheDoor(t);
    socket.write(bytes);
    await closed(socket);
    t.is(knocks(door), 0, what);
  }
});

test("who has not said what they want after ten seconds is dropped, however slowly they speak", async (t) => {
  const { door, socket, ports } = await atTheDoor(t);
  const bytes = handshake(2);
  for (let i = 0; i < 9; i++) {
    await new Promise((resolve) => socket.write(bytes.subarray(i, i + 1), resolve));
    await ports.advance(1100);
  }
  const gone = closed(socket);
  await ports.advance(200);
  await gone;
  t.is(knocks(door), 0);
});

test("a silent connection does not wake a Minecraft server", async (t) => {
  const { door, socket, ports } = await atTheDoor(t);
  const gone = closed(socket);
  while (!socket.closed) {
    await ports.advance(1000);
    await turn();
  }
  await gone;
  t.is(knocks(door), 0);
});

test("a handshake may be as long as an old ping looks", (t) => {
  // Its length is 254, so it begins with FE 01 as an old ping does.
  const long = handshake(2, 754, "x".repeat(246));
  t.deepEqual([...long.subarray(0, 3)], [0xfe, 0x01, 0x00]);
  const route = sleeper(1);
  for (let end = 1; end < long.length; end++)
    t.is(minecraftGreeter(() => "").read(long.subarray(0, end), route, false).kind, "more");
  t.is(minecraftGreeter(() => "").read(long, route, false).kind, "more");
  t.deepEqual(minecraftGreeter(() => "").read(Buffer.concat([long, loginStart]), route, false), {
    kind: "wake",
    player: "ada",
  });
});

test("VarInts are read as they are written", (t) => {
  for (const value of [0, 1, 127, 128, 255, 25565, 2097151, 2147483647, -1]) {
    const bytes = varInt(value);
    t.deepEqual(readVarInt(bytes, 0, 5), { value, end: bytes.length });
    t.is(readVarInt(bytes.subarray(0, -1), 0, 5), "more");
  }
  t.is(readVarInt(Buffer.from([0x80, 0x80, 0x80]), 0, 3), "garbage");
});
