/** Identifiers: a prefix that names the kind and 26 sortable characters (48 bit time, 80 bit chance; the ULID layout, lower case). */
import type { Clock, Rng } from "../ports/ports.ts";

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

export type IdPrefix =
  | "srv"
  | "node"
  | "inst"
  | "usr"
  | "team"
  | "ses"
  | "evt"
  | "req"
  | "join"
  | "run"
  | "log"
  | "test";

/** `srv_01jd…`: sorts by creation time within its kind. */
export function newId(prefix: IdPrefix, { clock, rng }: { clock: Clock; rng: Rng }): string {
  let time = clock.now();
  let head = "";
  for (let i = 0; i < 10; i++) {
    head = alphabet[time % 32]! + head;
    time = Math.floor(time / 32);
  }
  const tail = Array.from(rng.bytes(16), (byte) => alphabet[byte % 32]!).join("");
  return `${prefix}_${head}${tail}`;
}

export const idPattern = (prefix: IdPrefix): RegExp => new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`);

/** The last eight characters: enough to tell installations and nodes apart in names of containers, networks and bridges. */
export const shortId = (id: string): string => id.slice(-8);

/** 256 random bits as 64 hex characters. */
export const newSecret = (rng: Rng): string =>
  Array.from(rng.bytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");
