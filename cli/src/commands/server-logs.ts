/** logs: what the game wrote, and with --follow what it writes, through lost connections. */
import type { Api } from "../api/client.ts";
import type { Server } from "../api/types.ts";
import type { Context } from "../context.ts";
import { Failure, usageFailure } from "../failure.ts";
import { harmless } from "../output/text.ts";
import { findServer } from "../servers/find.ts";
import { rememberedMax, unseen } from "../servers/follow.ts";

interface LogOptions {
  follow?: boolean;
  tail: string;
}

const tailMax = 10_000;
/** A line without an end is shown in pieces of this many characters. */
const lineCharsMax = 64 * 1024;
/** What is sent at once after a reconnect has arrived when nothing more came for this long. */
const settleMs = 300;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

export async function logs(context: Context, [name = ""]: string[], { follow, tail }: LogOptions): Promise<void> {
  if (!/^\d{1,5}$/.test(tail) || Number(tail) > tailMax)
    throw usageFailure(`--tail ${tail} is not a number of lines from 0 to ${tailMax}.`);
  const api = await context.api();
  const server = await findServer(api, name);
  if (follow) return await followLog(context, api, server, Number(tail));
  for await (const line of linesOf(open(api, server, { tail: Number(tail), follow: false }, context.signal)))
    write(context, line);
}

const open = (api: Api, { id }: Server, query: { tail: number; follow: boolean }, signal: AbortSignal) =>
  api.stream("/api/v1/servers/{id}/logs", { path: { id }, query }, signal);

/** A game's colours are kept at a terminal; nothing else it may send to one is. A file gets all there was, JSON too. */
function write({ io: { out }, settings }: Context, line: string): void {
  if (settings.json) return out.write(`${JSON.stringify({ line })}\n`);
  if (!out.isTerminal) return out.write(`${line}\n`);
  const coloured = out.paint("dim", "x") !== "x";
  out.write(`${harmless(line, { keepColours: coloured })}${coloured && line.includes("\u001B") ? "\u001B[0m" : ""}\n`);
}

async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of text) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop()!;
    for (const line of parts) yield line.replace(/\r$/, "");
    if (rest.length > lineCharsMax) {
      yield rest;
      rest = "";
    }
  }
  if (rest !== "") yield rest;
}

/** Until it is interrupted, or until the server is gone or may no longer be seen. */
async function followLog(context: Context, api: Api, server: Server, tail: number): Promise<void> {
  const { ports, say, signal } = context;
  const shown: string[] = [];
  const show = (line: string): void => {
    write(context, line);
    shown.push(line);
    if (shown.length > rememberedMax) shown.shift();
  };
  let pauseMs = firstPauseMs;
  let lost = false;
  for (let first = true; ; first = false) {
    const query = { tail: first ? tail : 5 * rememberedMax, follow: true };
    try {
      const lines = linesOf(open(api, server, query, signal));
      for await (const line of first ? lines : continued(context, lines, shown)) {
        if (lost) say("The connection is back.");
        lost = false;
        pauseMs = firstPauseMs;
        show(line);
      }
    } catch (error) {
      // What the API refuses it refuses again; only a lost line is worth another try.
      if (!(error instanceof Failure) || (error.problem && error.problem.status < 500)) throw error;
      if (first && shown.length === 0 && !error.problem) throw error;
      if (!lost) say(`${error.message} Trying again.`);
      lost = true;
    }
    await ports.timers.sleep(pauseMs * (0.5 + ports.rng.float() / 2), signal);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** Without the lines that were shown before the gap. */
async function* continued(
  { ports, say }: Context,
  lines: AsyncGenerator<string>,
  shown: readonly string[],
): AsyncGenerator<string> {
  const tail: string[] = [];
  let next = lines.next();
  for (;;) {
    const settled = new AbortController();
    const pause = ports.timers.sleep(settleMs, settled.signal).then(
      () => undefined,
      () => undefined,
    );
    const got = await Promise.race([next, pause]);
    settled.abort();
    if (got === undefined && tail.length === 0) {
      // Nothing yet: wait for as long as it takes.
      const { done, value } = await next;
      if (done) return;
      tail.push(value);
      next = lines.next();
      continue;
    }
    if (got === undefined || got.done || tail.length > 5 * rememberedMax) break;
    tail.push(got.value);
    next = lines.next();
  }
  const fresh = unseen(shown, tail);
  if (fresh === null) say("Some lines may be missing here.");
  yield* fresh ?? tail;
  for (let got = await next; !got.done; got = await lines.next()) yield got.value;
}
