/** An operation of the agent's API, declared once: its route, its validation and its description come from here. */
import type { IncomingMessage } from "node:http";
import { AppError, parseInput, refuseFaults } from "@playspawn/shared";
import type Router from "@koa/router";
import type { Context } from "koa";
import type { z } from "zod";
import { readText } from "./body.ts";
import type { Core } from "./core.ts";

export interface Reply {
  status: number;
  /** JSON, or text of `type`. */
  body?: unknown;
  type?: string;
}

export interface Request<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  /** Aborts when the client goes away; at the latest when it has its answer. */
  signal: AbortSignal;
  raw: IncomingMessage;
}

/** What a body is that is not JSON: a text that the handler reads itself, of at most so many bytes; or a stream. */
export type RawBody = { media: string; bytesMax: number } | { media: string; stream: true };

export interface Definition<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  name: string;
  method: "get" | "post" | "put" | "delete";
  /** With OpenAPI's braces. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  params?: P;
  query?: Q;
  body?: B;
  rawBody?: RawBody;
  /** By status; null: no body, a text: its media type. */
  answers: Record<number, z.ZodType | string | null>;
  handle(core: Core, request: Request<z.infer<P>, z.infer<Q>, z.infer<B>>): Promise<Reply>;
}

export type Operation = Definition<z.ZodType, z.ZodType, z.ZodType>;

/** Folds the types of one operation away. */
export const operation = <
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
>(
  definition: Definition<P, Q, B>,
): Operation => definition as unknown as Operation;

/** @param core throws while this node is not ready or the caller may not be let in */
export function mount(router: Router, one: Operation, core: (ctx: Context) => Promise<Core>): void {
  router[one.method](one.path.replaceAll(/\{(\w+)\}/g, ":$1"), async (ctx) => {
    const here = await core(ctx);
    const request = await inputOf(ctx, one);
    const { status, body, type } = await one.handle(here, request);
    ctx.status = status;
    if (type !== undefined) ctx.type = type;
    if (body !== undefined) ctx.body = body;
  });
}

async function inputOf(ctx: Context, one: Operation): Promise<Request<unknown, unknown, unknown>> {
  const gone = new AbortController();
  ctx.res.on("close", () => gone.abort(new Error("the client went away, or has its answer")));
  const params = parsed(one.params, ctx["params"], "/path");
  const query = parsed(one.query, ctx.query, "/query");
  const body = await bodyOf(ctx, one);
  refuseFaults([...params.faults, ...query.faults, ...body.faults]);
  return { params: params.value, query: query.value, body: body.value, signal: gone.signal, raw: ctx.req };
}

const parsed = (schema: z.ZodType | undefined, value: unknown, at: string): ReturnType<typeof parseInput> =>
  schema ? parseInput(schema, value, at) : { value: undefined, faults: [] };

const jsonBytesMax = 256 * 1024;

async function bodyOf(ctx: Context, { body, rawBody }: Operation): Promise<ReturnType<typeof parseInput>> {
  if (rawBody) return { value: "stream" in rawBody ? "" : await readText(ctx, rawBody), faults: [] };
  if (!body) return { value: undefined, faults: [] };
  const text = await readText(ctx, { media: "application/json", bytesMax: jsonBytesMax });
  try {
    return parseInput(body, text === "" ? {} : JSON.parse(text), "");
  } catch (cause) {
    throw new AppError("malformed_body", "The body is not JSON, or it broke off in the middle.", { cause });
  }
}
