/**
 * Agent ⇄ door: JSON lines over a unix socket. The agent sends the whole table of routes on every change
 * (level-triggered); the door says who knocks and what flows. The door keeps its last table while the agent is away.
 */
import { z } from "zod";
import { Asleep, Protocol } from "../games/game.ts";

const Port = z.number().int().min(1).max(65_535);

export const Route = z.strictObject({
  server: z.string(),
  port: z.strictObject({ name: z.string(), protocol: Protocol, public: Port }),
  /**
   * - `asleep` hold and knock
   * - `waking` hold (a knock was taken in)
   * - `awake`  relay to `target`
   * - `closed` keep the port bound, drop what arrives
   */
  mode: z.enum(["asleep", "waking", "awake", "closed"]),
  target: z.strictObject({ host: z.string(), port: Port }).nullable(),
  asleep: Asleep.nullable(),
  /** Why it cannot wake, for protocols that can say so. */
  notice: z.string().max(300).nullable(),
});
export type Route = z.infer<typeof Route>;

export const ToDoor = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("routes"), rev: z.number().int(), routes: z.array(Route) }),
  /** Asks whether these public ports could be bound now. */
  z.strictObject({
    t: z.literal("check"),
    id: z.number().int(),
    ports: z.array(z.strictObject({ protocol: Protocol, port: Port })),
  }),
]);
export type ToDoor = z.infer<typeof ToDoor>;

export const FromDoor = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("hello"), pid: z.number().int(), run: z.string() }),
  /** All ports of `rev` are bound but for these. */
  z.strictObject({
    t: z.literal("applied"),
    rev: z.number().int(),
    failed: z.array(z.strictObject({ server: z.string(), protocol: Protocol, port: Port, message: z.string() })),
  }),
  z.strictObject({
    t: z.literal("checked"),
    id: z.number().int(),
    taken: z.array(z.strictObject({ protocol: Protocol, port: Port, by: z.string() })),
  }),
  z.strictObject({ t: z.literal("knock"), server: z.string(), port: z.string(), source: z.string() }),
  /** Every second for servers whose figures changed: totals since the door started. */
  z.strictObject({
    t: z.literal("traffic"),
    servers: z.array(
      z.strictObject({
        server: z.string(),
        /** Open relayed TCP connections and live UDP flows. */
        open: z.number().int(),
        held: z.number().int(),
        accepted: z.number().int(),
        bytesIn: z.number(),
        bytesOut: z.number(),
        packetsIn: z.number(),
      }),
    ),
  }),
]);
export type FromDoor = z.infer<typeof FromDoor>;
