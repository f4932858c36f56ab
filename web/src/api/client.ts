/** The one way this dashboard speaks HTTP: same origin, cookie session, problems become `ApiError`. */
import { noAnswer, problemOf } from "@playspawn/shared/api/problem.ts";
import { urlOf, type UrlParts } from "@playspawn/shared/api/url.ts";
import type { AnswerOf, InputOf, Method, PathOf } from "@playspawn/shared/api/contract.ts";
import { ApiError } from "./errors.ts";

const answerLimitMs = 30_000;

interface Extras {
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

type Anything = UrlParts & { body?: unknown };

async function send(method: Method, path: string, input: Anything, { signal, headers }: Extras): Promise<Response> {
  const { body } = input;
  const init: RequestInit = {
    method: method.toUpperCase(),
    credentials: "same-origin",
    headers: {
      accept: "application/json, application/problem+json",
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  };
  try {
    return await fetch(urlOf(path, input), init);
  } catch (error) {
    // Given up on purpose, because the page moved on: nobody is waiting for a sentence.
    if (signal?.aborted && (signal.reason as Error).name !== "TimeoutError") throw error;
    throw new ApiError(noAnswer, error);
  }
}

const failed = async (response: Response): Promise<ApiError> =>
  new ApiError(
    problemOf(response.status, await response.json().catch(() => null), response.headers.get("retry-after")),
  );

/** Calls an operation and reads its JSON answer; throws `ApiError`. Limited to 30 s. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  input: InputOf<M, P>,
  extras: Extras = {},
): Promise<AnswerOf<M, P>> {
  const limit = AbortSignal.timeout(answerLimitMs);
  const signal = extras.signal ? AbortSignal.any([extras.signal, limit]) : limit;
  const response = await send(method, path, input as Anything, { ...extras, signal });
  if (!response.ok) throw await failed(response);
  if (response.status === 204) return undefined as AnswerOf<M, P>;
  return (await response.json()) as AnswerOf<M, P>;
}

/** Yields the text of an answer as it arrives, until the other side closes or `signal` aborts. */
export async function* stream<P extends PathOf<"get">>(
  path: P,
  input: InputOf<"get", P>,
  extras: Extras = {},
): AsyncGenerator<string> {
  const response = await send("get", path, input as Anything, extras);
  if (!response.ok) throw await failed(response);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } catch (error) {
    // What a browser says of a broken line is meant for programmers.
    throw extras.signal?.aborted ? error : new ApiError(noAnswer, error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}
