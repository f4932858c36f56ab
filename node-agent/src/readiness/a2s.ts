/** Valve's server query: `A2S_INFO`, which many servers answer with a challenge first. It counts bots among the players. */
import type { Players, Ports } from "@playspawn/shared";
import { infoQuestion, kinds, singleHeader } from "../lib/packets/a2s.ts";
import { playersOf } from "./names.ts";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

const isKind = (packet: Buffer, kind: number): boolean =>
  packet.subarray(0, 4).equals(singleHeader) && packet[4] === kind;

/** Four bytes that the next question must end with; undefined when `packet` is anything else. */
export const readChallenge = (packet: Buffer): Buffer | undefined =>
  isKind(packet, kinds.challenge) && packet.length >= 9 ? Buffer.from(packet.subarray(5, 9)) : undefined;

/** undefined when `packet` is anything else. @throws Error when it is cut off */
export function readInfo(packet: Buffer): Players | undefined {
  if (!isKind(packet, kinds.info)) return undefined;
  // Kind and version of the protocol; then name, map, folder and game; then the game's id.
  let at = 6;
  for (let texts = 0; texts < 4; texts++) {
    const end = packet.indexOf(0, at);
    if (end < 0) throw new Error("the answer is cut off inside a text");
    at = end + 1;
  }
  at += 2;
  const [players, max, bots] = [packet[at], packet[at + 1], packet[at + 2]];
  if (players === undefined || max === undefined || bots === undefined) throw new Error("the answer is cut off");
  // Some games say how many bots they could have, whoever plays.
  return playersOf(bots <= players ? players - bots : players, max, []);
}

export function a2sPlayers(ports: Ports, target: Target, retryMs: number, signal: AbortSignal): Promise<Players> {
  let challenge: Buffer | undefined;
  return askUdp(
    ports,
    target,
    retryMs,
    {
      question: () => (challenge ? Buffer.concat([infoQuestion, challenge]) : infoQuestion),
      read(packet) {
        const asked = readChallenge(packet);
        if (asked) {
          const news = !challenge?.equals(asked);
          challenge = asked;
          // The same one again means that our answer to it is still on its way.
          return news ? "ask" : undefined;
        }
        const done = readInfo(packet);
        return done && { done };
      },
    },
    signal,
  );
}
