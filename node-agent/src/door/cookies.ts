/**
 * Challenges without a memory: a keyed hash of who is asked, which the door can work out again when it comes back. An
 * answer proves that its sender hears what is sent to that address. After one to two minutes it is worth nothing.
 */
import { hash } from "node:crypto";
import type { Ports } from "@playspawn/shared";
import type { Sender } from "./protocols/udp-greeter.ts";

const secretBytes = 32;
const epochMs = 60_000;

export interface Cookies {
  /** 32 bytes for this sender and purpose; a protocol takes as many as it has room for. */
  make(purpose: string, from: Sender): Buffer;
  /** Whether `look` finds in the cookie of this minute, or of the one before, what came back. */
  some(purpose: string, from: Sender, look: (cookie: Buffer) => boolean): boolean;
}

export function cookies({ clock, rng }: Pick<Ports, "clock" | "rng">): Cookies {
  const secret = Buffer.from(rng.bytes(secretBytes)).toString("hex");
  const epoch = (): number => Math.floor(clock.mono() / epochMs);
  // A keyed prefix is enough: nobody sees more than a few bytes of the hash, so nobody can go on from it.
  const of = (at: number, purpose: string, { address, port }: Sender): Buffer =>
    hash("sha256", `${secret} ${at} ${purpose} ${port} ${address}`, "buffer");
  return {
    make: (purpose, from) => of(epoch(), purpose, from),
    some(purpose, from, look) {
      const now = epoch();
      return look(of(now, purpose, from)) || look(of(now - 1, purpose, from));
    },
  };
}
