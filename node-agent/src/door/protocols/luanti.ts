/**
 * Luanti (Minetest) at a sleeping server (src/network/connection.cpp of minetest). A client that joins says a reliable
 * packet and gets a number from the server, which it keeps: one given here would be none to the game. So the proof is
 * another: a reliable packet that is older than any the client expects is acknowledged and thrown away. The number it
 * carries is the challenge; the acknowledgement is the answer. Then the game gets the client's first packet, which is
 * always the same. Luanti has no question for lists: its servers announce themselves.
 */
import type { Route } from "@playspawn/shared";
import type { Cookies } from "../cookies.ts";
import { hello, protocolBytes, types } from "../../lib/packets/luanti.ts";
import { drop, type Sender, type UdpGreeter, type Word } from "./udp-greeter.ts";

const headerBytes = 7;
/** Peers without a number, and the server's own. */
const nobody = 0;
const server = 1;
const controls = { ack: 0, ping: 2 } as const;
const channels = 3;
/** Where every sequence begins. The 2^15 numbers before it are old, all others are to come. */
const firstNumber = 65_500;
const oldNumbers = 32_767;
/** The reliable packet that asks for a number: empty, of the kind that has no parts. */
const original = 1;

interface Challenge {
  channel: number;
  number: number;
}

const challengeOf = (cookie: Buffer): Challenge => ({
  channel: cookie[0]! % channels,
  number: firstNumber - 1 - (cookie.readUInt32BE(1) % oldNumbers),
});

/** From the server: reliable, an old number, a ping, which nobody answers. */
function ask({ channel, number }: Challenge): Buffer {
  const packet = Buffer.alloc(headerBytes + 5);
  packet.set(protocolBytes);
  packet.writeUInt16BE(server, 4);
  packet[6] = channel;
  packet[7] = types.reliable;
  packet.writeUInt16BE(number, 8);
  packet[10] = types.control;
  packet[11] = controls.ping;
  return packet;
}

const isHello = (packet: Buffer): boolean =>
  packet[7] === types.reliable && packet.readUInt16BE(8) === firstNumber && packet[10] === original;

export function luantiGreeter(cookies: Cookies): UdpGreeter {
  const purposeOf = (route: Route): string => `luanti ${route.port.public}`;
  const isAnswer = (packet: Buffer, from: Sender, route: Route): boolean =>
    packet[7] === types.control &&
    packet[8] === controls.ack &&
    cookies.some(purposeOf(route), from, (cookie) => {
      const { channel, number } = challengeOf(cookie);
      return packet[6] === channel && packet.readUInt16BE(9) === number;
    });

  const read = (packet: Buffer, from: Sender, route: Route): Word => {
    if (packet.length < headerBytes + 4 || !packet.subarray(0, 4).equals(protocolBytes)) return drop;
    if (packet.readUInt16BE(4) !== nobody) return drop;
    if (isHello(packet)) return { kind: "answer", reply: ask(challengeOf(cookies.make(purposeOf(route), from))) };
    return isAnswer(packet, from, route) ? { kind: "wake", instead: [hello] } : drop;
  };
  return { read, farewell: () => undefined };
}
