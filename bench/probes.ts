/** One first packet per game, and what counts as the game's own answer. */
import { createSocket } from "node:dgram";
import { type Socket, connect } from "node:net";
import { wakeTeeworlds } from "@playspawn/e2e/clients/teeworlds.ts";
import { anotherAddress } from "@playspawn/e2e/stack/tiny.ts";
import { tokenRequest } from "@playspawn/node-agent/lib/packets/teeworlds.ts";

export interface Probe {
  protocol: "tcp" | "udp";
  containerPort: number;
  /** Sends once and waits: for a door that holds the packet. */
  once(port: number, limitMs: number): Promise<void>;
  /** Sends again every 5 ms until something answers: for a port that nobody holds. */
  untilAnswer(port: number, limitMs: number): Promise<void>;
}

const againMs = 5;
const host = "127.0.0.1";

const own = Buffer.from([0x11, 0x22, 0x33, 0x44]);
const teeworldsToken = tokenRequest(own);
/** A join under the door's token wakes; the game answers it with a token of its own. */
const teeworldsOnce = async (port: number, limitMs: number): Promise<void> =>
  void (await wakeTeeworlds({ host, port, limitMs, from: anotherAddress() }));

function udp(packet: Buffer, repeatMs: number) {
  return (port: number, limitMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = createSocket("udp4").bind({ address: anotherAddress() });
      const send = (): void => socket.send(packet, port, host, () => {});
      const timer = setInterval(send, repeatMs);
      const end = (error?: Error): void => {
        clearInterval(timer);
        clearTimeout(limit);
        socket.close();
        if (error) reject(error);
        else resolve();
      };
      const limit = setTimeout(() => end(new Error(`no answer from ${port} within ${limitMs} ms`)), limitMs);
      socket.on("error", () => {});
      socket.once("message", () => end());
      send();
    });
}

const varString = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const packet = (...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([body.length]), body]);
};

/** Handshake to log in (protocol 754, Minecraft 1.16.5) and login start. */
const minecraftLogin = Buffer.concat([
  packet(Buffer.from([0x00, 0xf2, 0x05]), varString(host), Buffer.from([0x63, 0xdd, 0x02])),
  packet(Buffer.from([0x00]), varString("bench")),
]);

/** Resolves with whether the game answered before the connection ended. */
function tcpTry(port: number, limitMs: number, first: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect({ host, port, localAddress: anotherAddress() }, () => socket.write(first));
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(limitMs, () => end(false));
    socket.once("data", () => end(true));
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
  });
}

const tcpOnce =
  (first: Buffer) =>
  async (port: number, limitMs: number): Promise<void> => {
    if (!(await tcpTry(port, limitMs, first))) throw new Error(`the connection to ${port} ended without an answer`);
  };

const tcpUntil =
  (first: Buffer) =>
  async (port: number, limitMs: number): Promise<void> => {
    const end = performance.now() + limitMs;
    while (performance.now() < end) {
      if (await tcpTry(port, limitMs, first)) return;
      await new Promise((resolve) => setTimeout(resolve, againMs));
    }
    throw new Error(`no answer within ${limitMs} ms`);
  };

export const probes: Record<string, Probe> = {
  teeworlds: {
    protocol: "udp",
    containerPort: 8303,
    once: teeworldsOnce,
    untilAnswer: udp(teeworldsToken, againMs),
  },
  minecraft: {
    protocol: "tcp",
    containerPort: 25_565,
    once: tcpOnce(minecraftLogin),
    untilAnswer: tcpUntil(minecraftLogin),
  },
};

const hello = Buffer.from("hello");
/** Of a game that answers what it is sent. */
export const echoProbe: Probe = {
  protocol: "tcp",
  containerPort: 7000,
  once: tcpOnce(hello),
  untilAnswer: tcpUntil(hello),
};
