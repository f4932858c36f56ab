/** Writes what an operation answered: JSON of its schema, or a stream that may still refuse while it is silent. */
import { addAbortSignal, Readable } from "node:stream";
import type { Timers } from "@playspawn/shared";
import type { Context } from "koa";
import type { Operation, RawAnswer } from "./operation.ts";

/** @param options.checkAnswers compare it with its schema */
export function respond(
  ctx: Context,
  { name, answer: shape }: Operation,
  answer: unknown,
  { checkAnswers }: { checkAnswers: boolean },
): void {
  ctx.status = shape.status;
  if (!shape.schema) {
    ctx.body = null;
    return;
  }
  if (checkAnswers) {
    const parsed = shape.schema.safeParse(answer);
    if (!parsed.success) throw new Error(`the answer of ${name} is not what it declares: ${parsed.error.message}`);
  }
  ctx.type = "application/json";
  ctx.body = JSON.stringify(answer);
}

/** @throws what a stream broke with before it said anything */
export async function respondRaw(
  ctx: Context,
  { contentType, body, status = 200, headers }: RawAnswer,
  { signal, timers }: { signal: () => AbortSignal; timers: Timers },
): Promise<void> {
  const isStream = body instanceof Readable;
  if (isStream) await begin(body, { signal: signal(), timers });
  ctx.status = status;
  ctx.set({ ...headers });
  ctx.type = contentType;
  ctx.body = body;
  // A log that is followed may say nothing for hours: the answer begins all the same.
  if (isStream) ctx.flushHeaders();
}

/** How long an answer that says nothing yet is waited for. */
const silenceMs = 2000;

/**
 * Ties `body` to the signal and waits until it has something to say, has ended, or was silent for 2 s: who refuses to
 * speak does so soon, and a refusal must still become a problem document.
 * @throws what broke the stream, or the signal's reason
 */
function begin(body: Readable, { signal, timers }: { signal: AbortSignal; timers: Timers }): Promise<void> {
  addAbortSignal(signal, body);
  // An error that comes before Koa listens for it would end the process.
  body.on("error", () => undefined);
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      cancel();
      body.off("readable", settle).off("close", settle).off("error", settle);
      if (error) reject(signal.aborted ? (signal.reason as Error) : error);
      else resolve();
    };
    const cancel = timers.after(silenceMs, settle);
    body.once("readable", settle).once("close", settle).once("error", settle);
  });
}
