/**
 * The server query of Teeworlds 0.7. UDP: a control packet asks for a token (padded, so that the answer is never larger
 * than the question), then a connectionless packet under both tokens asks for the server's description.
 */
import type { About, Players, Ports } from "@playspawn/shared";
import {
  connectionless,
  connectionlessHeaderBytes,
  connectionlessPacket,
  control,
  infoAnswer,
  infoRequest,
  messages,
  tokenRequest,
} from "../lib/packets/teeworlds.ts";
import { aboutOf, playersOf } from "./names.ts";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

const clientsMax = 64;
/** What the server calls a client that is still on its way in. It counts, it has no name. */
const unnamed = "(connecting)";

/** The server's token, when `packet` is its answer to our token request. */
export function readToken(packet: Buffer, own: Uint8Array): Buffer | undefined {
  const fits = packet.length >= 12 && packet[0] === control && packet[7] === messages.token;
  return fits && packet.subarray(3, 7).equals(own) ? Buffer.from(packet.subarray(8, 12)) : undefined;
}

const describe = (own: Uint8Array, server: Uint8Array): Buffer =>
  connectionlessPacket(server, own, infoRequest, Buffer.from([1]));

/** What follows our question's number in the description; undefined when `packet` is anything else. */
function readerOf(packet: Buffer, own: Uint8Array): Reader | undefined {
  const body = packet.subarray(connectionlessHeaderBytes);
  const mine = packet[0] === connectionless && packet.subarray(1, 5).equals(own);
  if (!mine || !body.subarray(0, infoAnswer.length).equals(infoAnswer)) return undefined;
  const reader = new Reader(body.subarray(infoAnswer.length));
  reader.int();
  return reader;
}

/** Undefined when `packet` is no description. @throws Error when it is cut off */
export function readAbout(packet: Buffer, own: Uint8Array): About | undefined {
  const reader = readerOf(packet, own);
  if (!reader) return undefined;
  const [version, name, _host, map, gametype] = Array.from({ length: 5 }, () => reader.text());
  return aboutOf({ version, name, map, gametype });
}

/** Players out of the description; undefined when `packet` is anything else. @throws Error when it is cut off. */
export function readInfo(packet: Buffer, own: Uint8Array): Players | undefined {
  const reader = readerOf(packet, own);
  if (!reader) return undefined;
  // Version, name, host name, map and game type; flags and skill; players and their slots.
  for (let i = 0; i < 5; i++) reader.text();
  for (let i = 0; i < 4; i++) reader.int();
  const online = reader.int();
  const max = reader.int();
  return playersOf(online, max, readNames(reader));
}

/** As many names as the packet holds: a full server's list may not fit. */
function readNames(reader: Reader): string[] {
  const names: string[] = [];
  for (let i = 0; i < clientsMax && !reader.atEnd(); i++) {
    const name = reader.text();
    // Clan; country, score and whether a spectator.
    reader.text();
    for (let n = 0; n < 3; n++) reader.int();
    if (name !== unnamed) names.push(name);
  }
  return names;
}

/** Teeworlds' packed values: texts end with NUL; integers have a sign bit and 6 bits in the first byte, then 7 per byte. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new Error("the description is cut off inside a text");
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 1;
    return text;
  }

  int(): number {
    const first = this.#byte();
    let value = first & 0x3f;
    let more = first & 0x80;
    for (let shift = 6; more; shift += 7) {
      if (shift > 27) throw new Error("a number in the description has no end");
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      more = byte & 0x80;
    }
    return first & 0x40 ? ~value : value;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error("the description is cut off inside a number");
    return byte;
  }
}

/** Both reject with the signal's reason: the caller owns the limit. */
export const teeworldsInfo = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<Players> =>
  described(ports, target, { retryMs, signal }, readInfo);

export const teeworldsAbout = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<About> =>
  described(ports, target, { retryMs, signal }, readAbout);

function described<T>(
  ports: Ports,
  target: Target,
  { retryMs, signal }: { retryMs: number; signal: AbortSignal },
  read: (packet: Buffer, own: Uint8Array) => T | undefined,
): Promise<T> {
  const own = Buffer.from(ports.rng.bytes(4));
  // All ones would say "no token".
  own[0] = own[0]! & 0x7f;
  let server: Buffer | undefined;
  return askUdp(
    ports,
    target,
    retryMs,
    {
      question: () => (server ? describe(own, server) : tokenRequest(own)),
      read: (packet) => {
        const token = readToken(packet, own);
        if (token) {
          server = token;
          return "ask";
        }
        const done = read(packet, own);
        return done && { done };
      },
    },
    signal,
  );
}
