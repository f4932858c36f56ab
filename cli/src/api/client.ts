/** Speaks HTTP with one Playspawn. What is asked and answered is typed by its OpenAPI document. */
import type { AnswerOf, InputOf, Method, PathOf } from "@playspawn/shared/api/contract.ts";
import { problemOf } from "@playspawn/shared/api/problem.ts";
import { urlOf, type UrlParts } from "@playspawn/shared/api/url.ts";
import { exits } from "../exit-codes.ts";
import { Failure, failureOf } from "../failure.ts";
import { bytesOf, jsonOf } from "./body.ts";
import { unreachable } from "./unreachable.ts";

const answerLimitMs = 30_000;

export interface Extras {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface RawRequest extends Extras {
  body?: string;
  /** Milliseconds until an answer must have begun; without it there is no limit. */
  limitMs?: number;
}

export interface Api {
  /** Without a slash at its end. */
  readonly url: string;
  /** Calls an operation. @throws Failure for every answer that is not a good one */
  call<M extends Method, P extends PathOf<M>>(
    method: M,
    path: P,
    input: InputOf<M, P>,
    extras?: Extras,
  ): Promise<AnswerOf<M, P>>;
  /** Text as it comes, until the other side ends or the signal aborts. @throws Failure */
  stream<P extends PathOf<"get">>(path: P, input: InputOf<"get", P>, signal: AbortSignal): AsyncGenerator<string>;
  /** Any path; good and bad answers alike. @throws Failure when none came */
  raw(method: string, path: string, request?: RawRequest): Promise<Response>;
}

export interface Access {
  url: string;
  token: string | undefined;
  /** Milliseconds until an answer must have come, 30 000 unless told. */
  limitMs?: number;
  /** What to say when the token is not taken. */
  onUnauthenticated?: Failure;
}

type Anything = UrlParts & { body?: unknown };

export function createApi(access: Access): Api {
  const { url } = access;
  const send = async (method: string, path: string, request: RawRequest): Promise<Response> => {
    const response = await requestOnce(access, method, path, request);
    refuseRedirect(url, response);
    return response;
  };
  const ask = async (
    method: string,
    path: string,
    input: Anything,
    extras: Omit<RawRequest, "body">,
  ): Promise<Response> => {
    const body = input.body === undefined ? {} : { body: JSON.stringify(input.body) };
    const response = await send(method, urlOf(path, input), { ...extras, ...body });
    if (!response.ok) throw await failed(access, response);
    return response;
  };
  return {
    url,
    raw: (method, path, request = {}) => send(method, path, request),
    async call<M extends Method, P extends PathOf<M>>(method: M, path: P, input: InputOf<M, P>, extras: Extras = {}) {
      const limited = { ...extras, limitMs: access.limitMs ?? answerLimitMs };
      const response = await ask(method, path, input as Anything, limited);
      if (response.status === 204) return undefined as AnswerOf<M, P>;
      const answer = await jsonOf(url, response);
      if (answer === undefined) throw notPlayspawn(url);
      return answer as AnswerOf<M, P>;
    },
    async *stream(path, input, signal) {
      const response = await ask("get", path, input as Anything, { signal });
      const decoder = new TextDecoder();
      for await (const bytes of bytesOf(url, response)) yield decoder.decode(bytes, { stream: true });
    },
  };
}

async function requestOnce(access: Access, method: string, path: string, request: RawRequest): Promise<Response> {
  const { headers, body, signal, limitMs } = request;
  const signals = [signal, limitMs === undefined ? undefined : AbortSignal.timeout(limitMs)].filter(
    (each) => each !== undefined,
  );
  try {
    return await fetch(access.url + path, {
      method: method.toUpperCase(),
      redirect: "manual",
      headers: {
        accept: "application/json, application/problem+json, */*;q=0.5",
        "user-agent": "playspawn-cli",
        ...(access.token !== undefined && { authorization: `Bearer ${access.token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable(access.url, error);
  }
}

/** A token is not taken to where a redirect points: people name that address themselves. */
function refuseRedirect(url: string, response: Response): void {
  const location = response.headers.get("location");
  if (response.status < 300 || response.status >= 400 || location === null) return;
  const to = URL.canParse(location, url) ? new URL(location, url).origin : location;
  throw new Failure(exits.failure, `${url} sends on to ${to}.`, { hints: [`Use that address: --url ${to}`] });
}

const notPlayspawn = (url: string): Failure =>
  new Failure(exits.failure, `What answers at ${url} is not Playspawn, or something stands before it.`, {
    hints: ["Check the address, its port, and the proxy before it if there is one."],
  });

/** The refusal that a bad answer is. */
async function failed(access: Access, response: Response): Promise<Failure> {
  const body = await jsonOf(access.url, response);
  if (!isProblem(body)) {
    // What stands before Playspawn answers for it: a proxy that does not reach it, or a wrong address.
    if (response.status === 502 || response.status === 504)
      return new Failure(
        exits.failure,
        `The proxy at ${access.url} does not reach Playspawn (HTTP ${response.status}).`,
        {
          hints: ["Check that the control plane runs and where the proxy looks for it."],
        },
      );
    return notPlayspawn(access.url);
  }
  const problem = problemOf(response.status, body, response.headers.get("retry-after"));
  if (problem.code === "unauthenticated" && access.onUnauthenticated) return access.onUnauthenticated;
  return failureOf(problem, { hints: hintsOf(problem.code, access.url), document: body });
}

const isProblem = (body: unknown): boolean => typeof body === "object" && body !== null && "code" in body;

function hintsOf(code: string, url: string): string[] {
  if (code === "setup_required")
    return [`Open the link that ./scripts/start printed there, then: playspawn login ${url}`];
  if (code === "unauthenticated") return [`Sign in: playspawn login ${url}`];
  return [];
}
