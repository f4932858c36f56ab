/** A protocol the door knows nothing of: the first byte wakes, and so does a client that waits for the server to speak. */
import type { Greeter } from "./greeter.ts";

/** A bare connect is a port scan, which goes away at once; one that stays this long waits for a greeting. */
const silentMs = 1000;

export const unknownGreeter: Greeter = {
  read: (bytes, _route, quiet) => (bytes.length > 0 || quiet ? { kind: "wake" } : { kind: "more", quietMs: silentMs }),
  limitMs: 60_000,
  halfClose: true,
  farewell: () => undefined,
};
