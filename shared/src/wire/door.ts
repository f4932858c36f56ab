/**
 * Agent ⇄ door: JSON lines over a unix socket. Level-triggered: on connecting the agent sends every server's routes,
 * later the whole set of one server on each change; the door says who knocks and what flows. The door keeps its last
 * routes while the agent is away. Revisions count within one connection.
 */
import { z } from "zod";
import { refusalReasons } from "../domain/refusals.ts";
import { WakeAllow } from "../domain/wake-allow.ts";
import { About, Asleep, Protocol } from "../games/game.ts";

/** The longest line either end sends or accepts, in bytes. */
export const doorLineBytesMax = 4 * 1024 * 1024;

/** Of 16 KiB in base64. */
const iconTextMax = 22_000;

const Port = z.number().int().min(1).max(65_535);
const PortKey = { protocol: Protocol, port: Port };

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
  /**
   * Where the game is, for `awake`; and still for a game that was told to end, whose players hear it out. Null: nothing
   * is there, and flows that the kernel carries there end.
   */
  target: z.strictObject({ host: z.string(), port: Port }).nullable(),
  /** For `awake`: the kernel takes new flows over IPv4 to the target by itself; what the door holds is handed over to it. */
  direct: z.boolean().optional(),
  /** The words of this port, and what they are filled with; null for a port whose protocol is unknown. */
  asleep: Asleep.extend({
    about: About.optional(),
    /** How long its wakes usually take from where it sleeps now. */
    usualSeconds: z.number().int().min(1).max(86_400).optional(),
  }).nullable(),
  /**
   * Why it cannot wake, for protocols that can say so: the player is told and sent away instead of held. In mode
   * `asleep` the player's knock is still passed on, in mode `closed` it is not.
   */
  notice: z.string().max(300).nullable(),
  /** Who may wake it; left out: everyone. */
  allow: WakeAllow.optional(),
  /** Seats, for the status answer of a sleeper; 0 when nobody knows. */
  playersMax: z.number().int().nonnegative().optional(),
});
export type Route = z.infer<typeof Route>;

export const ToDoor = z.discriminatedUnion("t", [
  /**
   * The routes of the servers named here replace those they had; an empty list gives the ports up. A whole table is a
   * frame with `reset`, more frames, and one with `done`: servers that none of them named are forgotten after a while,
   * because an agent that just started finds its servers one by one.
   */
  z.strictObject({
    t: z.literal("routes"),
    rev: z.number().int(),
    reset: z.boolean(),
    done: z.boolean(),
    servers: z.array(
      z.strictObject({
        server: z.string(),
        routes: z.array(Route),
        /** Base64 of its picture in lists, a PNG; null: it has none. Said when it is news: left out, it stays. */
        icon: z.string().max(iconTextMax).nullable().optional(),
      }),
    ),
  }),
  /** Asks whether these public ports could be bound now. */
  z.strictObject({ t: z.literal("check"), id: z.number().int(), ports: z.array(z.strictObject(PortKey)).max(1000) }),
  /** A younger door has taken over: give the ports up and end. */
  z.strictObject({ t: z.literal("superseded") }),
]);
export type ToDoor = z.infer<typeof ToDoor>;

export const FromDoor = z.discriminatedUnion("t", [
  /** `run` sorts by the time the process started. */
  z.strictObject({
    t: z.literal("hello"),
    pid: z.number().int(),
    run: z.string(),
    /** Answers that this door knows; one that does not say it knows Minecraft's alone. */
    answers: z.array(z.string().max(40)).max(100).optional(),
    /** Whether it can hand flows over to the kernel. */
    handover: z
      .discriminatedUnion("works", [
        z.strictObject({ works: z.literal(true) }),
        z.strictObject({ works: z.literal(false), reason: z.string().max(300) }),
      ])
      .optional(),
  }),
  /** All ports of `rev` are bound but for these. Sent again when a later try binds one of them. */
  z.strictObject({
    t: z.literal("applied"),
    rev: z.number().int(),
    /** `message` fits behind "is taken by", as `by` does below. */
    failed: z.array(z.strictObject({ server: z.string(), ...PortKey, message: z.string() })),
  }),
  z.strictObject({
    t: z.literal("checked"),
    id: z.number().int(),
    taken: z.array(z.strictObject({ ...PortKey, by: z.string() })),
  }),
  /** Said at once, every second while packets are held, and after reconnecting. */
  z.strictObject({ t: z.literal("knock"), server: z.string(), port: z.string(), source: z.string() }),
  /** Every second for servers whose figures changed, and for all after connecting: totals since the door started. */
  z.strictObject({
    t: z.literal("traffic"),
    servers: z.array(
      z.strictObject({
        server: z.string(),
        /** Open relayed TCP connections and live UDP flows. */
        open: z.number().int(),
        /**
         * Of `open`, the UDP flows of who asked a few questions and fell silent, or has only begun to talk: less than
         * 10 s from the first datagram to the newest, 30 of them at most. Older doors do not say.
         */
        passing: z.number().int().optional(),
        /** Connections and flows that wait for the server. */
        held: z.number().int(),
        /** TCP connections accepted and UDP flows begun. */
        accepted: z.number().int(),
        bytesIn: z.number(),
        bytesOut: z.number(),
        /** Datagrams, and for TCP the reads that brought something. */
        packetsIn: z.number(),
      }),
    ),
    /** Who was turned away since this was last said. Here, because an older agent leaves fields out, not frames. */
    refused: z
      .array(
        z.strictObject({
          server: z.string(),
          reason: z.enum(refusalReasons),
          /** For `full`: what is used up. */
          limit: z.string().max(60).optional(),
          refused: z.number().int().positive(),
          /** How many addresses (of IPv6: networks) they came from, as far as they were counted, and the one of most. */
          sources: z.number().int().positive(),
          source: z.string().max(60),
        }),
      )
      .optional(),
  }),
]);
export type FromDoor = z.infer<typeof FromDoor>;
