import { createServer, type AddressInfo, type Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemTimers } from "@playspawn/shared/ports/system.ts";
import { minecraftStatus, readStatus } from "./minecraft.ts";

const varInt = (value: number): Buffer => {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
};

/** A status packet around `text`, as a server sends it. */
const statusPacket = (text: string): Buffer => {
  const json = Buffer.from(text);
  const body = Buffer.concat([varInt(0), varInt(json.length), json]);
  return Buffer.concat([varInt(body.length), body]);
};

const honest = JSON.stringify({
  version: { name: "1.16.5", protocol: 754 },
  players: {
    online: 2,
    max: 10,
    sample: [
      { name: "ada", id: "x" },
      { name: "gr\u001bace", id: "y" },
    ],
  },
  description: { text: "hello" },
});

async function serve(t: ExecutionContext, answer: (socket: Socket, request: Buffer) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (request) => answer(socket, request));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

const ask = (port: number, signal = new AbortController().signal): ReturnType<typeof minecraftStatus> =>
  minecraftStatus(systemTimers, { address: "127.0.0.1", port }, { connectMs: 1000, signal });

test("a status ping is a handshake for state 1 and an empty request, and its answer says who plays", async (t) => {
  let asked: Buffer | undefined;
  const port = await serve(t, (socket, request) => {
    asked = request;
    socket.write(statusPacket(honest));
  });
  t.deepEqual(await ask(port), { online: 2, max: 10, names: ["ada", "grace"] });
  const host = Buffer.from("127.0.0.1");
  const handshake = [0, 0xff, 0xff, 0xff, 0xff, 0x0f, host.length, ...host, port >> 8, port & 0xff, 1];
  t.deepEqual([...asked!], [handshake.length, ...handshake, 1, 0]);
});

test("an answer that arrives byte by byte is put together", (t) => {
  const packet = statusPacket(honest);
  for (let end = 0; end < packet.length; end++) t.is(readStatus(packet.subarray(0, end)), undefined);
  t.is(readStatus(packet)?.online, 2);
});

test("a server without a sample gives figures without names", (t) => {
  t.deepEqual(readStatus(statusPacket('{"players":{"online":3,"max":20}}')), { online: 3, max: 20 });
  t.deepEqual(readStatus(statusPacket('{"players":{"online":3,"max":20,"sample":"no"}}')), { online: 3, max: 20 });
});

test("an answer that can never become a status is refused", (t) => {
  const refused: [string, Buffer][] = [
    ["an endless length", Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 1])],
    ["a giant length", Buffer.concat([varInt(2 ** 27), Buffer.from([0])])],
    ["a negative length", Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
    ["another packet", Buffer.from([3, 1, 1, 0])],
    ["a text longer than its packet", Buffer.from([3, 0, 9, 65])],
    ["no JSON", statusPacket("{nonsense")],
    ["no players", statusPacket('{"description":"x"}')],
    ["a figure that cannot be", statusPacket('{"players":{"online":-1,"max":2}}')],
    ["half a player", statusPacket('{"players":{"online":0.5,"max":2}}')],
  ];
  for (const [what, packet] of refused) t.throws(() => readStatus(packet), { instanceOf: Error }, what);
});

test("a server that sends without end is cut off", async (t) => {
  const port = await serve(t, (socket) => {
    socket.write(varInt(127 * 1024));
    socket.write(Buffer.alloc(200 * 1024));
  });
  await t.throwsAsync(ask(port));
});

test("a closed connection and a closed port are errors, and an abort ends the wait", async (t) => {
  const closing = await serve(t, (socket) => socket.end());
  await t.throwsAsync(ask(closing), { message: /closed the connection/ });
  await t.throwsAsync(ask(1), { code: "ECONNREFUSED" });
  const silent = await serve(t, () => {});
  const abort = new AbortController();
  const waiting = ask(silent, abort.signal);
  abort.abort(new Error("enough"));
  await t.throwsAsync(waiting, { message: "enough" });
});

test("a server that drips is given up after two seconds", async (t) => {
  const port = await serve(t, (socket) => {
    const stop = systemTimers.every(50, () => socket.write(varInt(100).subarray(0, 1)));
    socket.once("close", stop);
    socket.write(varInt(100));
  });
  await t.throwsAsync(ask(port));
});
