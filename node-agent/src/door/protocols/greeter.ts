/** How a door reads the first bytes of a TCP connection to a server that sleeps. One greeter per connection. */
import type { Route } from "@playspawn/shared";

export type Greeting =
  /** Not enough said yet. After `quietMs` without another byte `read` is called again, with `quiet`. */
  | { kind: "more"; quietMs?: number }
  /** A player, by the name that the protocol says: hold all bytes and knock. */
  | { kind: "wake"; player?: string }
  /** Answered here, without waking; `consumed` bytes are done with. */
  | { kind: "answer"; consumed: number; reply: Buffer; end: boolean }
  /** Nothing that a player's client would say. */
  | { kind: "drop" };

export interface Greeter {
  /** `bytes` is all that came and was not consumed. */
  read(bytes: Buffer, route: Route, quiet: boolean): Greeting;
  /** Until when a connection must have said what it wants, in ms after it was accepted. */
  readonly limitMs: number;
  /** How long a player's client waits for the game before it gives up, less what an answer needs; undefined where nobody knows. */
  readonly patienceMs?: number;
  /** Whether a client that ends its side may still be waiting for an answer. */
  readonly halfClose: boolean;
  /** What tells a held player why there is no entry, in its own protocol. */
  farewell(text: string): Buffer | undefined;
}
