/** The unconnected ping of RakNet, as servers of Minecraft Bedrock answer it. */
import type { About, Players, Ports } from "@playspawn/shared";
import { ids, magic, pongHeadBytes } from "../lib/packets/raknet.ts";
import { aboutOf, playersOf } from "./names.ts";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

/** @param stamp eight bytes that come back */
const ping = (stamp: Buffer): Buffer => Buffer.concat([Buffer.from([ids.ping]), stamp, magic, Buffer.alloc(8)]);

/**
 * Edition; message; numbers of protocol and version; players and how many may be; the server's number, a second line and
 * the mode. A message may hold an escaped `;`. Undefined when `packet` is no answer to our ping.
 */
function wordsOf(packet: Buffer, stamp: Buffer): string[] | undefined {
  if (packet.length < pongHeadBytes || packet[0] !== ids.pong) return undefined;
  if (!packet.subarray(1, 9).equals(stamp) || !packet.subarray(17, 33).equals(magic)) return undefined;
  const length = packet.readUInt16BE(33);
  if (packet.length < pongHeadBytes + length) throw new Error("the answer is cut off");
  return packet.toString("utf8", pongHeadBytes, pongHeadBytes + length).split(/(?<!\\);/);
}

export function readAbout(packet: Buffer, stamp: Buffer): About | undefined {
  const words = wordsOf(packet, stamp);
  return words && aboutOf({ name: words[1], protocol: words[2], version: words[3], mode: words[8] });
}

/** undefined when `packet` is no answer to our ping. @throws Error when its words do not say who plays */
export function readPong(packet: Buffer, stamp: Buffer): Players | undefined {
  const words = wordsOf(packet, stamp);
  if (!words) return undefined;
  const [online, max] = [words[4], words[5]];
  if (!/^\d{1,6}$/.test(online ?? "") || !/^\d{1,6}$/.test(max ?? "")) throw new Error("the answer has no count");
  return playersOf(Number(online), Number(max), []);
}

export const raknetPlayers = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<Players> =>
  pinged(ports, target, { retryMs, signal }, readPong);

export const raknetAbout = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<About> =>
  pinged(ports, target, { retryMs, signal }, readAbout);

function pinged<T>(
  ports: Ports,
  target: Target,
  { retryMs, signal }: { retryMs: number; signal: AbortSignal },
  read: (packet: Buffer, stamp: Buffer) => T | undefined,
): Promise<T> {
  const stamp = Buffer.from(ports.rng.bytes(8));
  return askUdp(
    ports,
    target,
    retryMs,
    {
      question: () => ping(stamp),
      read: (packet) => {
        const done = read(packet, stamp);
        return done && { done };
      },
    },
    signal,
  );
}
