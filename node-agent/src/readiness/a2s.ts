/** Valve's server query: `A2S_INFO`, which many servers answer with a challenge first. It counts bots among the players. */
import type { About, Players, Ports } from "@playspawn/shared";
import { infoQuestion, kinds, singleHeader } from "../lib/packets/a2s.ts";
import { aboutOf, playersOf } from "./names.ts";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

const isKind = (packet: Buffer, kind: number): boolean =>
  packet.subarray(0, 4).equals(singleHeader) && packet[4] === kind;

/** Four bytes that the next question must end with; undefined when `packet` is anything else. */
export const readChallenge = (packet: Buffer): Buffer | undefined =>
  isKind(packet, kinds.challenge) && packet.length >= 9 ? Buffer.from(packet.subarray(5, 9)) : undefined;

/** A text that ends with NUL, and where the next thing begins. @throws Error when it has no end */
function textAt(packet: Buffer, at: number): { text: string; end: number } {
  const end = packet.indexOf(0, at);
  if (end < 0) throw new Error("the answer is cut off inside a text");
  return { text: packet.toString("utf8", at, end), end: end + 1 };
}

/** Kind and version of the protocol; then name, map, folder and game; where the game's id follows. */
function textsOf(packet: Buffer): { texts: string[]; at: number } {
  const texts: string[] = [];
  let at = singleHeader.length + 2;
  for (let i = 0; i < 4; i++) {
    const { text, end } = textAt(packet, at);
    texts.push(text);
    at = end;
  }
  return { texts, at };
}

/** Undefined when `packet` is no description. @throws Error when it is cut off */
export function readAbout(packet: Buffer): About | undefined {
  if (!isKind(packet, kinds.info)) return undefined;
  const { texts, at } = textsOf(packet);
  const [name, map, folder, game] = texts;
  // The id; players, most players, bots; kind, system, password and cheats; then the version and what may follow.
  const version = textAt(packet, at + 9);
  const flags = packet[version.end] ?? 0;
  const joinPort = flags & 0x80 ? packet.readUInt16LE(version.end + 1) : undefined;
  return aboutOf({ name, map, folder, game, appId: packet.readUInt16LE(at), version: version.text, joinPort });
}

/** undefined when `packet` is anything else. @throws Error when it is cut off */
export function readInfo(packet: Buffer): Players | undefined {
  if (!isKind(packet, kinds.info)) return undefined;
  const at = textsOf(packet).at + 2;
  const [players, max, bots] = [packet[at], packet[at + 1], packet[at + 2]];
  if (players === undefined || max === undefined || bots === undefined) throw new Error("the answer is cut off");
  // Some games say how many bots they could have, whoever plays.
  return playersOf(bots <= players ? players - bots : players, max, []);
}

export const a2sPlayers = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<Players> =>
  described(ports, target, { retryMs, signal }, readInfo);

export const a2sAbout = (ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<About> =>
  described(ports, target, { retryMs, signal }, readAbout);

function described<T>(
  ports: Ports,
  target: Target,
  { retryMs, signal }: { retryMs: number; signal: AbortSignal },
  read: (packet: Buffer) => T | undefined,
): Promise<T> {
  let challenge: Buffer | undefined;
  return askUdp(
    ports,
    target,
    retryMs,
    {
      question: () => (challenge ? Buffer.concat([infoQuestion, challenge]) : infoQuestion),
      read: (packet) => {
        const asked = readChallenge(packet);
        if (asked) {
          const news = !challenge?.equals(asked);
          challenge = asked;
          // The same one again means that our answer to it is still on its way.
          return news ? "ask" : undefined;
        }
        const done = read(packet);
        return done && { done };
      },
    },
    signal,
  );
}
