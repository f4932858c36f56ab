/**
 * Minecraft Java Edition at a sleeping server: a server-list ping is answered here and wakes nobody; a login waits.
 * Anything that is neither is dropped: the whole Internet scans this port.
 */
import type { Route } from "@playspawn/shared";
import type { Greeter, Greeting } from "./greeter.ts";
import { legacyKick, packetOf, readFrame, readHandshake, readLoginName, stringPacket } from "./minecraft-packets.ts";
import { sentenceOf } from "./words.ts";

/** Client and status phase together; a real client needs a few round trips. */
const limitMs = 10_000;

/** Its client gives up after 30 s without a byte, and what is sent before the game's own packets would break the login. */
const patienceMs = 27_000;

/** Clients of 1.4 and 1.5 may write FE and 01 apart, those before send nothing after FE. */
const legacyQuietMs = 250;
const legacyPing = 0xfe;

/** The protocol number that old clients never match, so that they show the text and not a version error of theirs. */
const legacyProtocol = 127;

const more: Greeting = { kind: "more" };
const drop: Greeting = { kind: "drop" };

const statusJson = (protocol: number, route: Route, icon: string): string =>
  JSON.stringify({
    version: { name: route.mode === "waking" ? "waking" : "asleep", protocol },
    players: { online: 0, max: route.playersMax ?? 0 },
    description: { text: sentenceOf(route) },
    favicon: `data:image/png;base64,${icon}`,
  });

/** FE, FE 01, or FE 01 FA … ; undefined for a modern packet whose length happens to begin with FE. */
function readLegacy(bytes: Buffer, route: Route, quiet: boolean): Greeting | undefined {
  if (bytes[0] !== legacyPing) return undefined;
  const couldGoOn = bytes.length < 3 && (bytes.length === 1 || bytes[1] === 0x01);
  if (couldGoOn && !quiet) return { kind: "more", quietMs: legacyQuietMs };
  const seats = String(route.playersMax ?? 0);
  const end = (text: string): Greeting => ({
    kind: "answer",
    consumed: bytes.length,
    reply: legacyKick(text),
    end: true,
  });
  if (bytes.length === 1) return end([sentenceOf(route).replaceAll("§", ""), "0", seats].join("§"));
  const isPing = bytes[1] === 0x01 && (bytes.length === 2 || bytes[2] === 0xfa);
  if (!isPing) return undefined;
  return end(["§1", String(legacyProtocol), "asleep", sentenceOf(route), "0", seats].join("\0"));
}

/** What was said in a status exchange so far. */
interface StatusExchange {
  protocol: number;
  isAnswered: boolean;
}

/** After a status handshake: one request is answered with the status, as by the game itself, and one ping with itself. */
function readStatus(bytes: Buffer, exchange: StatusExchange, route: Route, icon: () => string): Greeting {
  const frame = readFrame(bytes);
  if (typeof frame === "string") return frame === "more" ? more : drop;
  const { body, taken } = frame;
  if (body[0] === 0x00 && body.length === 1 && !exchange.isAnswered) {
    exchange.isAnswered = true;
    const reply = stringPacket(0x00, statusJson(exchange.protocol, route, icon()));
    return { kind: "answer", consumed: taken, reply, end: false };
  }
  if (body[0] === 0x01 && body.length === 9)
    return { kind: "answer", consumed: taken, reply: packetOf(body), end: true };
  return drop;
}

/** The login's own packet follows its handshake at once and says who it is. */
function readLogin(bytes: Buffer): Greeting {
  const frame = readFrame(bytes);
  if (typeof frame === "string") return frame === "more" ? more : drop;
  const player = readLoginName(frame.body);
  return player === undefined ? drop : { kind: "wake", player };
}

/** @param icon base64 of the PNG that lists show */
export function minecraftGreeter(icon: () => string): Greeter {
  let exchange: StatusExchange | undefined;
  return {
    limitMs,
    patienceMs,
    halfClose: false,
    farewell: (text) => stringPacket(0x00, JSON.stringify({ text })),
    read(bytes, route, quiet) {
      if (exchange) return readStatus(bytes, exchange, route, icon);
      const legacy = readLegacy(bytes, route, quiet);
      if (legacy) return legacy;
      const frame = readFrame(bytes);
      if (typeof frame === "string") return frame === "more" ? more : drop;
      const handshake = readHandshake(frame.body);
      if (!handshake) return drop;
      if (handshake.next === "login") return readLogin(bytes.subarray(frame.taken));
      exchange = { protocol: handshake.protocol, isAnswered: false };
      return { kind: "answer", consumed: frame.taken, reply: Buffer.alloc(0), end: false };
    },
  };
}
