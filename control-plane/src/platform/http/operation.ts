/**
 * An operation of the API, declared once. HTTP routes, validation, permission, rate limit, OpenAPI and the test
 * matrix all come from this declaration. See docs/adding-an-endpoint.md.
 */
import type { Readable } from "node:stream";
import type { z } from "zod";
import type { Db } from "../db/db.ts";
import type { Log } from "../log.ts";
import {
  type Actor,
  type NodeActor,
  type Permission,
  permissions,
  type Resource,
  type UserActor,
} from "./authorize.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";
export type RateClass = "read" | "write" | "login" | "join" | "webhook";
type Auth = "public" | "user" | "node";
type ActorOf<A extends Auth> = A extends "user" ? UserActor : A extends "node" ? NodeActor : Actor | null;

/** What a handler knows of the request besides its input. */
export interface RequestContext<A extends Auth = Auth> {
  actor: ActorOf<A>;
  requestId: string;
  /** The client's address, never one that it claims itself: the peer's, or what trusted proxies say. */
  address: string;
  /** Whether the client's own connection is TLS. */
  isSecure: boolean;
  /** Whether somebody else stands behind that address: a proxy says that it passed the request on. */
  isForwarded: boolean;
  /** Whether a page of another origin asks, one that may use the API. */
  isElsewhere: boolean;
  /** The checked Host header. */
  host: string;
  log: Log;
  /** Aborts, with an AppError, when the client went away, its session ended or the process stops. */
  signal: AbortSignal;
  /**
   * For idempotent operations: runs `work` in one transaction and stores its answer with the client's
   * Idempotency-Key in that same transaction. A key that was stored before answers without running `work`.
   * Return what it resolves to; it must be JSON.
   */
  once<T>(work: (tx: Db) => Promise<T>): Promise<T>;
  /** Sets the session cookie, or removes it (null). */
  setSessionCookie(session: { token: string; expiresAt: number } | null): void;
}

/** An answer that is not JSON: a stream of log lines, a tar, a picture. */
export interface RawAnswer {
  contentType: string;
  body: Readable | Buffer | string;
  /** Default 200. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
}

export interface Input<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params: z.infer<P>;
  query: z.infer<Q>;
  body: z.infer<B>;
}

/** `schema` null: no body. `raw`: the media type of a RawAnswer; with a schema beside it, of one that may also be JSON. */
export type AnswerShape =
  | { status: 200 | 201 | 202; schema: z.ZodType; raw?: never }
  | { status: 204; schema: null; raw?: never }
  | { status: 200; raw: string; schema?: z.ZodType };

type ResultOf<R extends AnswerShape> = R extends { raw: string }
  ? RawAnswer
  : R extends { schema: infer S extends z.ZodType }
    ? z.input<S>
    : void;

export interface OperationDefinition<
  A extends Auth,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  R extends AnswerShape,
> {
  /** camelCase, unique: the OpenAPI operationId. */
  name: string;
  method: Method;
  /** With OpenAPI's braces: `/api/v1/servers/{id}`. */
  path: string;
  summary: string;
  description?: string;
  tag: string;
  /** `public`: anybody, once set up · `user`: a session · `node`: a node's id and secret. */
  auth: A;
  /** Asked of `authorize` before the handler runs. Required for `user`. */
  permission?: A extends "user" ? Permission : never;
  /** Loads what an `owner` permission is about. @throws AppError not_found */
  resource?: (params: z.infer<P>) => Promise<Resource>;
  /** Answers before the installation is set up, too. */
  beforeSetup?: boolean;
  /** Default: `read` for GET, else `write`. */
  rate?: RateClass;
  /** The body is bytes, application/octet-stream, of at most 1 MiB; the handler gets them as a Buffer. */
  takesBytes?: boolean;
  /** Accepts `Idempotency-Key`; the handler must use `context.once`. */
  idempotent?: boolean;
  params?: P;
  query?: Q;
  /** Query parameters that may be given more than once; their schema then gets a list. */
  repeats?: readonly string[];
  body?: B;
  answer: R;
  handle(context: RequestContext<A>, input: Input<P, Q, B>): Promise<ResultOf<R>>;
}

/** What the pipeline hands to every operation. */
export type AnyContext = Omit<RequestContext, "actor"> & { actor: Actor | null };

/** A declared operation with its types folded away, for the registry. */
export interface Operation {
  name: string;
  method: Method;
  path: string;
  summary: string;
  description?: string;
  tag: string;
  auth: Auth;
  permission?: Permission;
  resource?(params: unknown): Promise<Resource>;
  beforeSetup?: boolean;
  rate?: RateClass;
  takesBytes?: boolean;
  idempotent?: boolean;
  params?: z.ZodType;
  query?: z.ZodType;
  repeats?: readonly string[];
  body?: z.ZodType;
  answer: AnswerShape;
  handle(context: AnyContext, input: unknown): Promise<unknown>;
}

export function operation<
  A extends Auth,
  R extends AnswerShape,
  P extends z.ZodType = z.ZodType<Record<string, never>>,
  Q extends z.ZodType = z.ZodType<Record<string, never>>,
  B extends z.ZodType = z.ZodType<Record<string, never>>,
>(definition: OperationDefinition<A, P, Q, B, R>): Operation {
  // The pipeline checks the actor against `auth` and the input against the schemas before it calls any of it.
  return definition as unknown as Operation;
}

/** @throws Error when two operations collide or one is declared without its guard: found at start, not in production. */
export function createRegistry(operations: readonly Operation[]): readonly Operation[] {
  const seen = new Set<string>();
  for (const declared of operations) {
    const route = `${declared.method} ${declared.path.replaceAll(/\{[^}]+\}/g, "{}")}`;
    for (const key of [declared.name, route]) {
      if (seen.has(key)) throw new Error(`operation ${declared.name}: ${key} is declared twice`);
      seen.add(key);
    }
    const fault = guardFault(declared);
    if (fault) throw new Error(`operation ${declared.name}: ${fault}`);
  }
  return operations;
}

function guardFault({ auth, permission, resource, path, params }: Operation): string | undefined {
  if (auth === "user" && permission === undefined) return "needs a permission";
  if (auth !== "user" && permission !== undefined) return "a permission is asked of users only";
  if (permission && permissions[permission] === "owner" && !resource) return `${permission} needs a resource`;
  if (path.includes("{") && !params) return "needs a schema for its path parameters";
  return undefined;
}
