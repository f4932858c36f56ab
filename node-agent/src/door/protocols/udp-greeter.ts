/**
 * How a door reads datagrams to a server that sleeps: each by itself. Senders can be forged, so nothing is remembered of
 * them; a protocol with a challenge wakes after it was answered, which only the true owner of an address can.
 */
import type { Route } from "@playspawn/shared";

export interface Sender {
  address: string;
  port: number;
}

export type Word =
  /** Said here, wakes nobody. `proved` senders may get more than three times what they sent. */
  | { kind: "answer"; reply: Buffer; proved?: boolean }
  /**
   * A player. `instead` is what the game is given in place of this packet: the answer to the door's challenge means
   * nothing to it. `stranger`: nothing proves that he is one, or where he is.
   */
  | { kind: "wake"; instead?: readonly Buffer[]; stranger?: boolean }
  /** Nothing that a client of this game would say to a server that it has not joined. */
  | { kind: "drop" };

export interface UdpGreeter {
  read(packet: Buffer, from: Sender, route: Route): Word;
  /** What tells the player who sent `packet`, a join, why there is no entry; undefined where the game has no words for it. */
  farewell(packet: Buffer, text: string): Buffer | undefined;
}

export const drop: Word = { kind: "drop" };

/** How much an unproved sender may get for what was sent: more would make of the door a tool against others. */
export const amplificationMax = 3;
