/**
 * Playspawn's own query, for games that have none: `GET /players` answers JSON, `{"online": 2, "max": 16,
 * "names": ["ada", "bob"]}`, of which `max` and `names` may be missing. Asked in HTTP/1.0, so that an answer without a
 * length ends with its connection, which is what web servers do who were not told one.
 */
import type { Players, Timers } from "@playspawn/shared";
import { z } from "zod";
import { playersOf } from "./names.ts";
import { converse, type Target } from "./tcp.ts";

const answerMs = 2000;
const bytesMax = 64 * 1024;
const bodyEnd = "\r\n\r\n";

const Answer = z.object({
  online: z.number().int(),
  max: z.number().int().catch(0),
  names: z.array(z.string()).catch([]),
});

/** undefined while more is needed. @throws Error when it is no such answer */
export function readAnswer(received: Buffer, isAll: boolean): Players | undefined {
  const end = received.indexOf(bodyEnd);
  if (end < 0) return undefined;
  const head = received.toString("latin1", 0, end);
  const status = /^HTTP\/1\.[01] (?<status>\d{3})/.exec(head)?.groups?.["status"];
  if (status !== "200") throw new Error(`the game answered ${status ?? "something that is no HTTP"}`);
  const said = /^content-length: *(?<length>\d{1,6})\r?$/im.exec(head)?.groups?.["length"];
  const body = received.subarray(end + bodyEnd.length);
  const length = said === undefined && isAll ? body.length : Number(said ?? Infinity);
  if (body.length < length) return undefined;
  const parsed = Answer.safeParse(JSON.parse(body.toString("utf8", 0, length)));
  if (!parsed.success) throw new Error("the game's answer does not say who plays");
  const { online, max, names } = parsed.data;
  return playersOf(online, max, names);
}

export const httpPlayers = (
  timers: Timers,
  target: Target,
  { connectMs, signal }: { connectMs: number; signal: AbortSignal },
): Promise<Players> =>
  converse(
    timers,
    target,
    { connectMs, answerMs, bytes: bytesMax },
    Buffer.from(`GET /players HTTP/1.0\r\nHost: ${target.address}\r\n\r\n`),
    readAnswer,
    signal,
  );
