/** The life of a request to an operation, top to bottom: who, may they, how often, what exactly, do it, answer. */
import {
  addressKey,
  AppError,
  type ErrorCode,
  notFound,
  parseInput,
  pointerTo,
  type Ports,
  refuseFaults,
} from "@playspawn/shared";
import type { Context } from "koa";
import type { Knex } from "knex";
import { z } from "zod";
import type { Db } from "../db/db.ts";
import type { Log } from "../log.ts";
import { type Actor, authorize } from "./authorize.ts";
import { readBody, readBytes } from "./body.ts";
import { type Identify, identifyActor, sessionCookieHeader } from "./credentials.ts";
import { checkSameSite, isForwarded } from "./guards.ts";
import { checkKey, hashRequest, type KeyedRequest, once, storedAnswer } from "./idempotency.ts";
import type { AnyContext, Operation, RateClass, RawAnswer } from "./operation.ts";
import { hasSecureCookie, isListedElsewhere, ownSite, siteCredential } from "./own-site.ts";
import type { Peers } from "./peer.ts";
import type { Limiter } from "./rate.ts";
import { respond, respondRaw } from "./respond.ts";
import type { SessionWatch } from "./session-watch.ts";

export interface PipelineDeps {
  db: Knex;
  ports: Ports;
  publicUrl: URL;
  peers: Peers;
  corsOrigins: ReadonlySet<string>;
  identify: Identify;
  /** Whether an admin exists; until then only operations with `beforeSetup` answer. */
  isSetUp(): boolean;
  limiters: Record<RateClass, Limiter>;
  sessionWatch: SessionWatch;
  /** Aborts when the process stops. */
  stopping: AbortSignal;
  /** Tests compare every answer with its schema. */
  checkAnswers: boolean;
}

/** What the first middleware learned of every request. */
export interface RequestState {
  requestId: string;
  host: string;
  log: Log;
  /** Once it is known which one is asked for, and by whom. */
  operation?: Operation;
  actor?: Actor | null;
}

export const setupRequired = (): AppError =>
  new AppError("setup_required", "This installation is not set up yet. Open the link that was printed at its start.");

export async function runOperation(ctx: Context, operation: Operation, deps: PipelineDeps): Promise<void> {
  const state = ctx.state as RequestState;
  state.operation = operation;
  if (!deps.isSetUp() && !operation.beforeSetup) throw setupRequired();
  const own = ownSite(ctx.req, { ...deps, host: state.host });
  const credential = siteCredential(ctx.req, own);
  const carrier = credential.kind === "bearer" || credential.kind === "node" ? "header" : credential.kind;
  checkSameSite(ctx.req, { ...own, credential: carrier });
  const actor = await identifyActor(deps.identify, credential, operation.auth);
  state.actor = actor;
  await deps.limiters[rateClassOf(operation)].take(rateKeyOf(actor, deps.peers.remoteAddress(ctx.req)));
  // Who they are is asked before anything is looked up: nobody learns what exists.
  if (operation.permission && actor === null) authorize(actor, operation.permission);
  const params = parseParams(ctx, operation);
  await checkPermission(actor, operation, params);
  const { json, text } = operation.takesBytes
    ? { json: await readBytes(ctx), text: "" }
    : await readBody(ctx, { isPublic: operation.auth === "public" });
  const input = { params, ...readInput(ctx, operation, json) };
  const keyed = keyedRequest(ctx, operation, actor, text);
  const stored = keyed && (await storedAnswer(deps.db, keyed));
  const signal = lazy(() => signalOf(ctx, actor, deps));
  const answer = stored ? stored.answer : await handle(ctx, operation, { actor, input, keyed, signal, deps });
  if (operation.answer.raw === undefined) respond(ctx, operation, answer, deps);
  else await respondRaw(ctx, answer as RawAnswer, { signal, timers: deps.ports.timers });
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const rateClassOf = (operation: Operation): RateClass =>
  operation.rate ?? (operation.method === "get" ? "read" : "write");

function rateKeyOf(actor: Actor | null, address: string): string {
  if (actor === null) return addressKey(address);
  return actor.kind === "user" ? actor.userId : actor.nodeId;
}

/** A path parameter that cannot be an id names nothing. */
function parseParams(ctx: Context, operation: Operation): unknown {
  const given = (ctx as Context & { params?: Record<string, string> }).params ?? {};
  if (!operation.params) return {};
  const { value, faults } = parseInput(operation.params, { ...given }, "");
  if (faults.length === 0) return value;
  throw notFound(operation.tag.replace(/s$/, ""), Object.values(given).join("/").slice(0, 100));
}

async function checkPermission(actor: Actor | null, operation: Operation, params: unknown): Promise<void> {
  if (operation.auth !== "user") return;
  if (operation.permission === undefined) throw new Error(`operation ${operation.name} has no permission`);
  const resource = await operation.resource?.(params);
  authorize(actor, operation.permission, resource);
}

/** For an operation that takes no query or no body. */
const nothing = z.strictObject({});

function readInput(ctx: Context, operation: Operation, json: unknown): { query: unknown; body: unknown } {
  const repeated = Object.keys(ctx.query).filter(
    (name) => Array.isArray(ctx.query[name]) && !operation.repeats?.includes(name),
  );
  refuseFaults(repeated.map((name) => ({ pointer: pointerTo("/query", name), detail: "is given more than once" })));
  const query = parseInput(operation.query ?? nothing, { ...ctx.query }, "/query");
  const body = parseInput(operation.body ?? nothing, json, "");
  refuseFaults([...query.faults, ...body.faults]);
  return { query: query.value, body: body.value };
}

function keyedRequest(ctx: Context, operation: Operation, actor: Actor | null, body: string): KeyedRequest | null {
  const key = ctx.get("idempotency-key");
  if (!operation.idempotent || key === "" || actor?.kind !== "user") return null;
  checkKey(key);
  return {
    actorId: actor.userId,
    operation: operation.name,
    key,
    requestHash: hashRequest(ctx.method, ownPath(ctx, operation), body),
  };
}

/** Not the path that was asked: a repeated request may come by another of the operation's paths. */
function ownPath(ctx: Context, { path }: Operation): string {
  const { params = {} } = ctx as Context & { params?: Record<string, string> };
  return path.replaceAll(/\{(\w+)\}/g, (_brace, name: string) => params[name] ?? "");
}

interface Call {
  actor: Actor | null;
  input: unknown;
  keyed: KeyedRequest | null;
  /** Made only for those who ask: most answers are done before anybody could go away. */
  signal: () => AbortSignal;
  deps: PipelineDeps;
}

async function handle(ctx: Context, operation: Operation, call: Call): Promise<unknown> {
  const { actor, input, keyed, signal, deps } = call;
  const state = ctx.state as RequestState;
  const own = ownSite(ctx.req, { ...deps, host: state.host });
  const isElsewhere = isListedElsewhere(ctx.req, own);
  let kept = false;
  const context: AnyContext = {
    actor,
    requestId: state.requestId,
    address: deps.peers.remoteAddress(ctx.req),
    isSecure: deps.peers.isSecure(ctx.req),
    isForwarded: isForwarded(ctx.req),
    isElsewhere,
    host: state.host,
    log: state.log,
    get signal() {
      return signal();
    },
    once<T>(work: (tx: Db) => Promise<T>): Promise<T> {
      kept = true;
      return once(deps.db, deps.ports.clock, keyed, work);
    },
    setSessionCookie(session) {
      // A page elsewhere keeps its token itself.
      if (isElsewhere) return;
      const secure = hasSecureCookie(own);
      const cookie = session && { token: session.token, maxAgeMs: session.expiresAt - deps.ports.clock.now() };
      ctx.append("Set-Cookie", sessionCookieHeader(cookie, { secure }));
    },
  };
  const answer = await operation.handle(context, input);
  if (keyed && !kept) throw new Error(`operation ${operation.name} is idempotent but did not use once`);
  return answer;
}

/** Aborts with an AppError when nobody is left to answer, or nobody who may hear it. */
function signalOf(ctx: Context, actor: Actor | null, { sessionWatch, stopping }: PipelineDeps): AbortSignal {
  const over = new AbortController();
  const abort = (code: ErrorCode, words: string): void => over.abort(new AppError(code, words));
  const signedOut = (): void => abort("unauthenticated", "This session has ended: sign in again.");
  const unwatch = actor?.kind === "user" ? sessionWatch.watch(actor.sessionId, signedOut) : () => undefined;
  const gone = (): void => {
    unwatch();
    abort("request_timeout", "The client went away before its answer.");
  };
  // Who left before somebody asked leaves no second time.
  if (ctx.res.destroyed) gone();
  else ctx.res.once("close", gone);
  return AbortSignal.any([over.signal, stopping]);
}
