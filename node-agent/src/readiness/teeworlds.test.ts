import { createSocket, type Socket } from "node:dgram";
import type { AddressInfo } from "node:net";
import test, { type ExecutionContext } from "ava";
import { systemPorts } from "@playspawn/shared/ports/system.ts";
import { tokenRequest } from "../lib/packets/teeworlds.ts";
import { readInfo, readToken, teeworldsInfo } from "./teeworlds.ts";

const serverToken = Buffer.from([9, 8, 7, 6]);

const tokenAnswer = (own: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x04, 0, 0]), own, Buffer.from([5]), serverToken]);

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
/** Only what fits one byte of the packed format. */
const int = (value: number): Buffer => Buffer.from([value < 0 ? 0x40 | ~value : value]);

function info(own: Buffer, names: string[], online = names.length): Buffer {
  const head = [text("0.7.5"), text("a name"), text(""), text("dm1"), text("DM"), int(0), int(1), int(online), int(16)];
  const clients = names.flatMap((name) => [text(name), text("clan"), int(-1), int(5), int(0)]);
  const start = Buffer.concat([Buffer.from([0x21]), own, serverToken, Buffer.from("\xff\xff\xff\xffinf3", "latin1")]);
  return Buffer.concat([start, int(1), ...head, int(online), int(16), ...clients]);
}

type Answer = (socket: Socket, packet: Buffer, from: AddressInfo) => void;

async function serve(t: ExecutionContext, answer: Answer): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (packet, from) => answer(socket, packet, from as unknown as AddressInfo));
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  t.teardown(() => socket.close());
  return socket.address().port;
}

const reply = (socket: Socket, packet: Buffer, from: AddressInfo): void => socket.send(packet, from.port, from.address);

const ask = (port: number, ms: number): ReturnType<typeof teeworldsInfo> =>
  teeworldsInfo(systemPorts, { address: "127.0.0.1", port }, 10, AbortSignal.timeout(ms));

/** A server as it should be: a token first, then the description to those who know it. */
const honest =
  (names: string[]): Answer =>
  (socket, packet, from) => {
    if (packet[0] === 0x04) return reply(socket, tokenAnswer(packet.subarray(8, 12)), from);
    if (packet.subarray(1, 5).equals(serverToken)) reply(socket, info(packet.subarray(5, 9), names), from);
  };

test("token, then description: players with their names", async (t) => {
  const port = await serve(t, honest(["ada", "nameless tee"]));
  t.deepEqual(await ask(port, 5000), { online: 2, max: 16, names: ["ada", "nameless tee"] });
});

test("a client on its way in is counted but has no name", (t) => {
  const own = Buffer.from([1, 2, 3, 4]);
  t.deepEqual(readInfo(info(own, ["(connecting)", "ada"]), own), { online: 2, max: 16, names: ["ada"] });
  t.deepEqual(readInfo(info(own, ["(connecting)"]), own), { online: 1, max: 16 });
});

test("the first packet asks for a token, padded to more than any answer to it", (t) => {
  const packet = tokenRequest(Buffer.from([1, 2, 3, 4]));
  t.deepEqual([...packet.subarray(0, 12)], [4, 0, 0, 255, 255, 255, 255, 5, 1, 2, 3, 4]);
  t.is(packet.length, 520);
});

test("an answer under another token is passed over, the right one is taken", async (t) => {
  const port = await serve(t, (socket, packet, from) => {
    if (packet[0] !== 0x04) return honest(["ada"])(socket, packet, from);
    reply(socket, tokenAnswer(Buffer.from([0, 0, 0, 0])), from);
    reply(socket, info(Buffer.from([0, 0, 0, 0]), ["mallory"]), from);
    reply(socket, tokenAnswer(packet.subarray(8, 12)), from);
  });
  t.deepEqual((await ask(port, 5000)).names, ["ada"]);
});

test("cut off, oversized and foreign packets never become players", (t) => {
  const own = Buffer.from([1, 2, 3, 4]);
  const whole = info(own, ["ada"]);
  for (let end = 0; end < 9 + 8; end++) t.is(readInfo(whole.subarray(0, end), own), undefined);
  for (let end = 9 + 8; end < whole.length; end++) {
    const cut = whole.subarray(0, end);
    // The list of names may be cut between two players, nowhere else.
    if (end === whole.length - info(own, ["ada"]).length + info(own, [], 1).length) continue;
    t.throws(() => readInfo(cut, own), { instanceOf: Error }, `${end} bytes`);
  }
  t.is(readInfo(whole, Buffer.from([4, 3, 2, 1])), undefined);
  t.is(readToken(whole, own), undefined);
  t.is(readToken(Buffer.alloc(3), own), undefined);
  const endless = Buffer.concat([whole.subarray(0, 17), Buffer.alloc(1400, 0xff)]);
  t.throws(() => readInfo(endless, own));
});

test("more names than a server can hold are not read", (t) => {
  const own = Buffer.from([1, 2, 3, 4]);
  const names = Array.from({ length: 80 }, (_, i) => `p${i}`);
  t.is(readInfo(info(own, names, 63), own)?.names?.length, 64);
});

test("a server that begins to listen later is found, at once", async (t) => {
  const reserve = createSocket("udp4");
  await new Promise<void>((done) => reserve.bind(0, "127.0.0.1", done));
  const { port } = reserve.address();
  await new Promise<void>((done) => reserve.close(() => done()));
  const asked = Promise.withResolvers<void>();
  let times = 0;
  const every = (ms: number, fn: () => void): (() => void) =>
    systemPorts.timers.every(ms, () => (fn(), ++times === 3 && asked.resolve()));
  const ports = { ...systemPorts, timers: { ...systemPorts.timers, every } };
  const found = teeworldsInfo(ports, { address: "127.0.0.1", port }, 10, AbortSignal.timeout(5000));
  await asked.promise;
  const late = createSocket("udp4");
  late.on("message", (packet, from) => honest(["ada"])(late, packet, from as unknown as AddressInfo));
  t.teardown(() => late.close());
  const began = systemPorts.clock.mono();
  await new Promise<void>((done) => late.bind(port, "127.0.0.1", done));
  t.is((await found).online, 1);
  t.true(systemPorts.clock.mono() - began < 500);
});

test("silence ends with the caller's reason", async (t) => {
  const port = await serve(t, () => {});
  await t.throwsAsync(ask(port, 60), { name: "TimeoutError" });
});
