/** Source RCON: little-endian packets `size, id, type, text, 0, 0`. One connection per command. */
import { connect, type Socket } from "node:net";
import type { Ports } from "@playspawn/shared";
import type { Target } from "./tcp.ts";

const types = { auth: 3, authAnswer: 2, command: 2, answer: 0 } as const;
const ids = { auth: 1, command: 2, end: 3 } as const;
const loginMs = 5000;
/** Some servers never echo the packet that marks the end; then silence after the answer has to do. */
const quietMs = 500;
const packetBytesMax = 64 * 1024;
const answerBytesMax = 256 * 1024;

interface Packet {
  id: number;
  type: number;
  text: string;
}

/**
 * Logs in, sends `command` and answers its text, put together from as many packets as came.
 * The caller owns the limit of the command (`signal`), a log-in ends after 5 s.
 * @throws Error when refused, the password is wrong, the answer is broken or larger than 256 kB.
 */
export function rcon(
  ports: Ports,
  target: Target & { password: string },
  command: string,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    const name = `RCON at ${target.address}:${target.port}`;
    let cancel = ports.timers.after(loginMs, () => fail(new Error(`${name} did not let us in within ${loginMs} ms`)));
    const finish = (): void => {
      cancel();
      signal.removeEventListener("abort", abort);
      socket.destroy();
    };
    const fail = (error: Error): void => {
      finish();
      reject(error);
    };
    const abort = (): void => fail(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    const exchange = conversation(socket, command, {
      loggedIn: () => cancel(),
      quietLimit: (fn) => {
        cancel();
        cancel = ports.timers.after(quietMs, fn);
      },
      done: (text) => {
        finish();
        resolve(text);
      },
    });
    socket.once("connect", () => socket.write(encode(ids.auth, types.auth, target.password)));
    socket.on("data", (chunk) => {
      try {
        exchange(chunk);
      } catch (error) {
        fail(new Error(`${name}: ${(error as Error).message}`));
      }
    });
    socket.once("error", fail);
    socket.once("close", () => fail(new Error(`${name} closed the connection`)));
  });
}

interface Outcome {
  loggedIn(): void;
  /** Calls `fn` unless something else arrives within the quiet time. */
  quietLimit(fn: () => void): void;
  done(text: string): void;
}

/** What to do with each arriving chunk. */
function conversation(socket: Socket, command: string, outcome: Outcome): (chunk: Buffer) => void {
  let received: Buffer = Buffer.alloc(0);
  let inside = false;
  const parts: string[] = [];
  let bytes = 0;
  const take = (packet: Packet): void => {
    if (!inside) {
      // Some servers send an empty answer before the verdict.
      if (packet.type !== types.authAnswer) return;
      if (packet.id !== ids.auth) throw new Error("the password is wrong");
      inside = true;
      outcome.loggedIn();
      socket.write(encode(ids.command, types.command, command));
      return;
    }
    if (packet.id === ids.end) return outcome.done(parts.join(""));
    if (packet.id !== ids.command) throw new Error("an answer belongs to no question");
    // Two packets at once confuse Minecraft's own server: the mark goes out when the first answer is in.
    if (parts.length === 0) socket.write(encode(ids.end, types.answer, ""));
    parts.push(packet.text);
    bytes += packet.text.length;
    if (bytes > answerBytesMax) throw new Error("the answer is too long");
    outcome.quietLimit(() => outcome.done(parts.join("")));
  };
  return (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (let next = decode(received); next; next = decode(received)) {
      received = received.subarray(next.end);
      take(next.packet);
    }
  };
}

function encode(id: number, type: number, text: string): Buffer {
  const body = Buffer.from(text);
  const packet = Buffer.alloc(14 + body.length);
  packet.writeInt32LE(10 + body.length, 0);
  packet.writeInt32LE(id, 4);
  packet.writeInt32LE(type, 8);
  packet.set(body, 12);
  return packet;
}

/** The first packet; undefined while it is incomplete. @throws Error when its size cannot be true. */
function decode(received: Buffer): { packet: Packet; end: number } | undefined {
  if (received.length < 4) return undefined;
  const size = received.readInt32LE(0);
  if (size < 10 || size > packetBytesMax) throw new Error("a packet has no fit size");
  const end = 4 + size;
  if (received.length < end) return undefined;
  const text = received.toString("utf8", 12, end - 2);
  return { packet: { id: received.readInt32LE(4), type: received.readInt32LE(8), text }, end };
}
