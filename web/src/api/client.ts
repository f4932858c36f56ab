/** The one way this dashboard speaks HTTP: same origin, cookie session, problems become `ApiError`. */
import { noAnswer, problemOf } from "../lib/problem.ts";
import { ApiError } from "./errors.ts";

const answerLimitMs = 30_000;

export interface Options {
  body?: unknown;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

const urlOf = (path: string, query: Options["query"] = {}): string => {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as [string, string]],
  );
  const search = new URLSearchParams(pairs).toString();
  return `/api/v1${path}${search && `?${search}`}`;
};

async function send(method: string, path: string, options: Options): Promise<Response> {
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: {
      accept: "application/json, application/problem+json",
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
  };
  if (options.body !== undefined) init.body = JSON.stringify(options.body);
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(urlOf(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted && options.signal.reason?.name !== "TimeoutError") throw error;
    throw new ApiError(noAnswer, error);
  }
}

const failed = async (response: Response): Promise<ApiError> =>
  new ApiError(problemOf(response.status, await response.json().catch(() => null)));

/** Sends a request and reads the JSON answer; throws `ApiError`. Limited to 30 s. */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const limit = AbortSignal.timeout(answerLimitMs);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const response = await send(method, path, { ...options, signal });
  if (!response.ok) throw await failed(response);
  if (response.status === 204) return undefined as T;
  return (await response.json().catch(() => undefined)) as T;
}

/** Yields text as it arrives, until the other side closes or `signal` aborts. */
export async function* stream(path: string, options: Options = {}): AsyncGenerator<string> {
  const response = await send("GET", path, options);
  if (!response.ok) throw await failed(response);
  if (!response.body) return;
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
    yield decoder.decode(chunk, { stream: true });
}
