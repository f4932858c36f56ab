/**
 * Teeworlds 0.7 at a sleeping server. Every conversation begins with a token, which proves where its sender is
 * (src/engine/shared/network_token.cpp): the list is asked under it, and a player joins with it. The game makes its own
 * tokens and passes over ours, so a proved player's join reaches it as a new request for one; his client takes the
 * game's token in place of ours and says its join again within half a second.
 */
import type { Route } from "@playspawn/shared";
import type { Cookies } from "../cookies.ts";
import {
  connectionless,
  connectionlessHeaderBytes,
  connectionlessPacket,
  control,
  controlPacket,
  infoAnswer,
  infoRequest,
  messages,
  packedInt,
  paddedBytes,
  tokenRequest,
} from "../../lib/packets/teeworlds.ts";
import { drop, type Sender, type UdpGreeter, type Word } from "./udp-greeter.ts";
import { nameOf } from "./words.ts";

const tokenBytes = 4;
const noToken = 0xffffffff;
const skillLevel = 1;
const limits = { version: 31, name: 63, map: 31, type: 15 } as const;

const purposeOf = (route: Route): string => `teeworlds ${route.port.public}`;

const text = (value: string, max: number): Buffer => Buffer.from(`${Buffer.from(value).subarray(0, max).toString()}\0`);

/** @param number the rest of the question: its number, which comes back */
function description(route: Route, number: Uint8Array): Buffer {
  const { about = {} } = route.asleep ?? {};
  return Buffer.concat([
    infoAnswer,
    number,
    text(about["version"] ?? "0.7.5", limits.version),
    text(nameOf(route), limits.name),
    text("", 0),
    text(about["map"] ?? "", limits.map),
    text(about["gametype"] ?? "", limits.type),
    ...[0, skillLevel, 0, route.playersMax ?? 0, 0, route.playersMax ?? 0].map(packedInt),
  ]);
}

export function teeworldsGreeter(cookies: Cookies): UdpGreeter {
  const tokenOf = (from: Sender, route: Route): Buffer => {
    const token = Buffer.from(cookies.make(purposeOf(route), from).subarray(0, tokenBytes));
    // All ones would say "no token".
    token[0]! &= 0x7f;
    return token;
  };
  const fits = (token: Buffer, from: Sender, route: Route): boolean =>
    cookies.some(
      purposeOf(route),
      from,
      (cookie) => token[0] === (cookie[0]! & 0x7f) && token.subarray(1).equals(cookie.subarray(1, tokenBytes)),
    );
  const giveToken = (own: Buffer, from: Sender, route: Route): Word => ({
    kind: "answer",
    reply: controlPacket(own, messages.token, tokenOf(from, route)),
  });

  const readControl = (packet: Buffer, from: Sender, route: Route): Word => {
    if (packet.length < paddedBytes) return drop;
    const own = packet.subarray(8, 8 + tokenBytes);
    const isRequest = packet[7] === messages.token && packet.readUInt32BE(3) === noToken;
    if (isRequest) return giveToken(own, from, route);
    if (packet[7] !== messages.connect) return drop;
    // An old one, of the game that slept since or of an earlier door: the client takes the new one.
    if (!fits(packet.subarray(3, 7), from, route)) return giveToken(own, from, route);
    return { kind: "wake", instead: [tokenRequest(own)] };
  };

  const readConnectionless = (packet: Buffer, from: Sender, route: Route): Word => {
    const body = packet.subarray(connectionlessHeaderBytes);
    if (!body.subarray(0, infoRequest.length).equals(infoRequest)) return drop;
    const [ours, theirs] = [packet.subarray(1, 5), packet.subarray(5, 9)];
    if (!fits(ours, from, route)) return drop;
    const number = body.subarray(infoRequest.length, infoRequest.length + 5);
    return { kind: "answer", proved: true, reply: connectionlessPacket(theirs, ours, description(route, number)) };
  };

  return {
    read(packet, from, route) {
      if (packet.length >= 12 && packet[0] === control) return readControl(packet, from, route);
      if (packet[0] === connectionless) return readConnectionless(packet, from, route);
      return drop;
    },
    farewell: (packet, reason) =>
      controlPacket(packet.subarray(8, 8 + tokenBytes), messages.close, Buffer.from(`${reason}\0`)),
  };
}
