/**
 * Valve's server queries at a sleeping server (developer.valvesoftware.com/wiki/Server_queries). Each is answered with a
 * challenge first, and then with a description. Queries never wake. Joins are in protocols of the games' own: where
 * they come to the same port, everything that is no query wakes.
 */
import type { Route } from "@playspawn/shared";
import type { Cookies } from "../cookies.ts";
import { infoQuestion, kinds, singleHeader } from "../../lib/packets/a2s.ts";
import { drop, type Sender, type UdpGreeter, type Word } from "./udp-greeter.ts";
import { nameOf } from "./words.ts";

const challengeBytes = 4;
const protocolVersion = 17;
const textMax = 100;
const seatsMax = 255;
/** A dedicated server on Linux, without a password, without anti-cheat. */
const environment = Buffer.from("dl\0\0", "latin1");

const reply = (kind: number, ...rest: Uint8Array[]): Buffer =>
  Buffer.concat([singleHeader, Buffer.from([kind]), ...rest]);
const text = (value: string | undefined): Buffer =>
  Buffer.concat([Buffer.from((value ?? "").replaceAll("\0", "")).subarray(0, textMax), Buffer.alloc(1)]);

function info(route: Route): Buffer {
  const { about = {} } = route.asleep ?? {};
  const id = Buffer.alloc(2);
  id.writeUInt16LE(Number(about["appId"] ?? 0) & 0xffff);
  const texts = [nameOf(route), about["map"], about["folder"], about["game"]].map(text);
  const counts = Buffer.from([0, Math.min(route.playersMax ?? 0, seatsMax), 0]);
  return reply(
    kinds.info,
    Buffer.from([protocolVersion]),
    ...texts,
    id,
    counts,
    environment,
    text(about["version"] ?? "1.0.0.0"),
    extra(about),
  );
}

/** Flags of what follows: the port that players join, the words that lists search, the game's whole number. */
function extra(about: Readonly<Record<string, string>>): Buffer {
  const [join, keywords, gameId] = [about["joinPort"], about["keywords"], about["gameId"]];
  const port = Buffer.alloc(join ? 2 : 0);
  if (join) port.writeUInt16LE(Number(join) & 0xffff);
  const id = Buffer.alloc(gameId ? 8 : 0);
  if (gameId) id.writeBigUInt64LE(BigInt.asUintN(64, BigInt(gameId)));
  const flags = (join ? 0x80 : 0) | (keywords ? 0x20 : 0) | (gameId ? 0x01 : 0);
  return Buffer.concat([Buffer.from([flags]), port, keywords ? text(keywords) : Buffer.alloc(0), id]);
}

export function a2sGreeter(cookies: Cookies): UdpGreeter {
  const purposeOf = (route: Route): string => `a2s ${route.port.public}`;

  /** @param at where the challenge stands in the question */
  const challenged = (packet: Buffer, at: number, from: Sender, route: Route, said: () => Buffer): Word => {
    const came = packet.subarray(at, at + challengeBytes);
    const isOurs = cookies.some(purposeOf(route), from, (own) => own.subarray(0, challengeBytes).equals(came));
    if (came.length === challengeBytes && isOurs) return { kind: "answer", proved: true, reply: said() };
    const challenge = cookies.make(purposeOf(route), from).subarray(0, challengeBytes);
    return { kind: "answer", reply: reply(kinds.challenge, challenge) };
  };

  const readQuery = (packet: Buffer, from: Sender, route: Route): Word => {
    const at = singleHeader.length + 1;
    if (packet.subarray(0, infoQuestion.length).equals(infoQuestion))
      return challenged(packet, infoQuestion.length, from, route, () => info(route));
    switch (packet[singleHeader.length]) {
      case kinds.askPlayers:
        return challenged(packet, at, from, route, () => reply(kinds.players, Buffer.from([0])));
      case kinds.askRules:
        return challenged(packet, at, from, route, () => reply(kinds.rules, Buffer.from([0, 0])));
      default:
        return drop;
    }
  };

  return {
    read(packet, from, route) {
      const isQuery = packet.subarray(0, singleHeader.length).equals(singleHeader);
      const word = isQuery ? readQuery(packet, from, route) : drop;
      if (word.kind !== "drop" || route.asleep?.joins === false) return word;
      return { kind: "wake", stranger: true };
    },
    farewell: () => undefined,
  };
}
