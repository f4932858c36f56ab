/** The status ping of Minecraft (Java edition, since 1.7): a handshake for state 1, an empty request, one JSON answer. */
import { z } from "zod";
import type { About, Players, Timers } from "@playspawn/shared";
import { readVarInt, varInt } from "../lib/varint.ts";
import { aboutOf, playersOf } from "./names.ts";
import { converse, type Target } from "./tcp.ts";

/** Real answers stay below 40 kB, the icon included. */
const bytesMax = 128 * 1024;
const answerMs = 2000;

const Status = z.object({
  version: z.object({ name: z.string(), protocol: z.number() }).nullish().catch(undefined),
  players: z.object({
    online: z.number(),
    max: z.number(),
    sample: z
      .array(z.object({ name: z.string() }))
      .nullish()
      .catch(undefined),
  }),
});

/** One try. @throws Error when no connection within `connectMs` or no valid answer within 2 s. */
export function minecraftStatus(
  timers: Timers,
  target: Target,
  { connectMs, signal }: { connectMs: number; signal: AbortSignal },
): Promise<Players> {
  const limits = { connectMs, answerMs, bytes: bytesMax };
  return converse(timers, target, limits, statusRequest(target), readStatus, signal);
}

/** One try, of what the server says its version is. @throws Error as above */
export function minecraftAbout(timers: Timers, target: Target, signal: AbortSignal): Promise<About> {
  const limits = { connectMs: answerMs, answerMs, bytes: bytesMax };
  return converse(timers, target, limits, statusRequest(target), readAbout, signal);
}

function statusRequest({ address, port }: Target): Buffer {
  const host = Buffer.from(address);
  const portBytes = Buffer.from([port >> 8, port & 0xff]);
  // Protocol -1 asks without claiming a version; a server that minds versions answers pings all the same.
  const handshake = Buffer.concat([varInt(0), varInt(-1), varInt(host.length), host, portBytes, varInt(1)]);
  return Buffer.concat([varInt(handshake.length), handshake, varInt(1), varInt(0)]);
}

/** Players out of the status packet; undefined while it is incomplete. @throws Error when it can never become one. */
export function readStatus(received: Buffer): Players | undefined {
  const status = statusOf(received);
  if (!status) return undefined;
  const { online, max, sample } = status.players;
  return playersOf(
    online,
    max,
    (sample ?? []).map((player) => player.name),
  );
}

export function readAbout(received: Buffer): About | undefined {
  const status = statusOf(received);
  return status && aboutOf({ version: status.version?.name, protocol: status.version?.protocol });
}

function statusOf(received: Buffer): z.infer<typeof Status> | undefined {
  const length = numberAt(received, 0);
  if (!length) return undefined;
  if (length.value < 3 || length.value > bytesMax - length.end) throw new Error("the status packet has no fit size");
  const end = length.end + length.value;
  if (received.length < end) return undefined;
  const packet = received.subarray(0, end);
  const id = numberAt(packet, length.end);
  if (id?.value !== 0) throw new Error("the answer is not a status packet");
  const size = numberAt(packet, id.end);
  if (!size || size.value < 0 || size.end + size.value !== end) throw new Error("the status text has no fit size");
  return Status.parse(JSON.parse(packet.toString("utf8", size.end)));
}

/** Undefined while bytes are missing. @throws Error after five bytes without an end. */
function numberAt(buffer: Buffer, start: number): { value: number; end: number } | undefined {
  const number = readVarInt(buffer, start, 5);
  if (number === "garbage") throw new Error("a length in the answer has no end");
  return number === "more" ? undefined : number;
}
