/** Satisfactory's lightweight query: tells a server that plays, or waits to be claimed, from one that still loads. */
import type { Ports } from "@playspawn/shared";
import type { Target } from "./tcp.ts";
import { askUdp } from "./udp.ts";

const magic = Buffer.from([0xd5, 0xf6]);
const kinds = { poll: 0, state: 1 } as const;
const version = 1;
const end = 1;
/** `idle`: nobody has begun a game on it yet. */
const states = { offline: 0, idle: 1, loading: 2, playing: 3 } as const;

const head = (kind: number, cookie: Buffer): Buffer => Buffer.concat([magic, Buffer.from([kind, version]), cookie]);

/** Whether players can join; undefined when `packet` is no answer to our question. */
export function readState(packet: Buffer, cookie: Buffer): boolean | undefined {
  const start = head(kinds.state, cookie);
  if (packet.length <= start.length || !packet.subarray(0, start.length).equals(start)) return undefined;
  const state = packet[start.length];
  return state === states.idle || state === states.playing;
}

/** Resolves when the server says that players can join. */
export function satisfactoryPlays(
  ports: Ports,
  target: Target,
  retryMs: number,
  signal: AbortSignal,
): Promise<undefined> {
  const cookie = Buffer.from(ports.rng.bytes(8));
  const question = Buffer.concat([head(kinds.poll, cookie), Buffer.from([end])]);
  return askUdp(
    ports,
    target,
    retryMs,
    {
      question: () => question,
      read: (packet) => (readState(packet, cookie) ? { done: undefined } : undefined),
    },
    signal,
  );
}
