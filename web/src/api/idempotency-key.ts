/** Idempotency keys of one form: the same request sent again makes nothing new, another request is one of its own. */
import type { Rng } from "@playspawn/shared/ports/ports.ts";
import { hex } from "../lib/hex.ts";

/** A function that answers the key for this body: the one before when it is the same, else a new one. */
export function keyPerBody(rng: Pick<Rng, "bytes">): (body: unknown) => string {
  let last = { text: "", key: "" };
  return (body) => {
    const text = JSON.stringify(body);
    if (text !== last.text) last = { text, key: hex(rng.bytes(16)) };
    return last.key;
  };
}
