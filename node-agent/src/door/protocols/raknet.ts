/**
 * RakNet, as Minecraft Bedrock speaks it, at a sleeping server (Source/RakPeer.cpp of RakNet). A list's ping is answered
 * with the words of a server. A join is two requests; the first reply asks for a cookie, which the second request brings
 * back. The game asks for a cookie of its own: a proved player's first request is made again from what the second one
 * says, and his client answers each first reply that it gets.
 */
import type { Route } from "@playspawn/shared";
import type { Cookies } from "../cookies.ts";
import { ids, magic, pingBytes, pongHeadBytes } from "../../lib/packets/raknet.ts";
import { amplificationMax, drop, type Sender, type UdpGreeter, type Word } from "./udp-greeter.ts";
import { nameOf, sentenceOf } from "./words.ts";

/** Of a first request: everything around what fills it up to the size of a packet. */
const ipHeaderBytes = 28;
const request1HeadBytes = 1 + magic.length + 1;
const packetBytesMax = 1500;
const packetBytesMin = 400;
const edition = "MCPE";
/** What the server's number is made from. It may be any, and comes with every answer. */
const serverId = Buffer.from("playspwn", "latin1");

const hasMagic = (packet: Buffer, at: number): boolean => packet.subarray(at, at + magic.length).equals(magic);
/** What would end a word. */
const clean = (word: string): string => word.replaceAll(/[;\\\n\r]/g, " ");

/** Edition, message, protocol, version, players and seats, number; then, where there is room, second line and mode. */
function wordsOf(route: Route, room: number): string {
  const { about = {} } = route.asleep ?? {};
  const build = (name: string): string =>
    [edition, name, about["protocol"] ?? "0", about["version"] ?? "", "0", String(route.playersMax ?? 0), "1"]
      .map(clean)
      .join(";");
  const names = [nameOf(route), sentenceOf(route), "Asleep. Join to wake it.", "Asleep"];
  const head = names.map(build).find((words) => Buffer.byteLength(words) < room) ?? build("");
  const more = [sentenceOf(route), about["mode"] ?? "Survival"].map(clean);
  return more.reduce((words, word) => {
    const longer = `${words};${word}`;
    return Buffer.byteLength(longer) < room ? longer : words;
  }, head);
}

function pong(packet: Buffer, route: Route): Word {
  const room = packet.length * amplificationMax - pongHeadBytes;
  const words = Buffer.from(`${wordsOf(route, room)};`).subarray(0, room);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(words.length);
  const head = [Buffer.from([ids.pong]), packet.subarray(1, 9), serverId, magic, length];
  return { kind: "answer", reply: Buffer.concat([...head, words]) };
}

/** The cookie's last byte tells the protocol that the first request spoke, in a mask that only this door knows. */
function cookieOf(hash: Buffer, protocol: number): Buffer {
  return Buffer.from([hash[0]!, hash[1]!, hash[2]!, hash[3]! ^ protocol]);
}

/** Asks for the cookie, in a packet of the size that came. */
function reply1(packet: Buffer, hash: Buffer): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(Math.min(packet.length + ipHeaderBytes, packetBytesMax));
  const cookie = cookieOf(hash, packet[request1HeadBytes - 1]!);
  return Buffer.concat([Buffer.from([ids.reply1]), magic, serverId, Buffer.from([1]), cookie, size]);
}

function request1(protocol: number, size: number): Buffer {
  const packet = Buffer.alloc(Math.min(Math.max(size, packetBytesMin), packetBytesMax) - ipHeaderBytes);
  packet[0] = ids.request1;
  packet.set(magic, 1);
  packet[request1HeadBytes - 1] = protocol;
  return packet;
}

/** Where the server's address ends in a second request, which names it by 7 bytes (IPv4) or 29 (IPv6). */
function sizeIn(packet: Buffer): number | undefined {
  const at = 1 + magic.length + 4 + 1;
  const end = at + (packet[at] === 6 ? 29 : 7);
  return packet.length >= end + 2 + 8 ? packet.readUInt16BE(end) : undefined;
}

export function raknetGreeter(cookies: Cookies): UdpGreeter {
  const purposeOf = (route: Route): string => `raknet ${route.port.public}`;

  const readRequest2 = (packet: Buffer, from: Sender, route: Route): Word => {
    const size = sizeIn(packet);
    if (size === undefined) return drop;
    const came = packet.subarray(1 + magic.length, 1 + magic.length + 4);
    let protocol = 0;
    const isOurs = cookies.some(purposeOf(route), from, (hash) => {
      protocol = hash[3]! ^ came[3]!;
      return hash.subarray(0, 3).equals(came.subarray(0, 3));
    });
    return isOurs ? { kind: "wake", instead: [request1(protocol, size)] } : drop;
  };

  return {
    read(packet, from, route) {
      const id = packet[0];
      if ((id === ids.ping || id === ids.pingOpen) && packet.length >= pingBytes && hasMagic(packet, 9))
        return pong(packet, route);
      if (packet.length <= request1HeadBytes || !hasMagic(packet, 1)) return drop;
      if (id === ids.request1) return { kind: "answer", reply: reply1(packet, cookies.make(purposeOf(route), from)) };
      return id === ids.request2 ? readRequest2(packet, from, route) : drop;
    },
    farewell: () => Buffer.concat([Buffer.from([ids.noRoom]), magic, serverId]),
  };
}
