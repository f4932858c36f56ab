/** The Koa application: guards around every request, the registry's routes, then docs and dashboard. */
import Router from "@koa/router";
import { AppError, errorCatalog, messageOf } from "@playspawn/shared";
import { checkTarget } from "@playspawn/shared/node/request-target.ts";
import Koa, { type Context, type Middleware, type Next } from "koa";
import { type AccessLogDeps, observe, safePath } from "./access-log.ts";
import { routesOf } from "./aliases.ts";
import { cors } from "./cors.ts";
import { errorPagesOf } from "./error-pages.ts";
import { checkExpectation, checkHost } from "./guards.ts";
import type { Operation } from "./operation.ts";
import { type PipelineDeps, type RequestState, runOperation, setupRequired } from "./pipeline.ts";
import { problemMediaType, problemOf, toAppError } from "./problem.ts";
import { RateLimited } from "./rate.ts";
import { setSecurityHeaders } from "./security-headers.ts";

export interface AppDeps extends PipelineDeps, AccessLogDeps {
  ports: PipelineDeps["ports"];
  operations: readonly Operation[];
  /** Answers before set-up where it has something for then; passes on what it does not know. */
  setupPages: Middleware;
  /** After set-up, for what is no operation: API docs and the dashboard. */
  pages: readonly Middleware[];
}

export function createApp(deps: AppDeps): Koa {
  const app = new Koa();
  app.on("error", (error: Error) => {
    if (isNoFault(error)) deps.log.debug({ reason: error.message }, "an answer broke off");
    else deps.log.error({ err: error }, "an answer broke off");
  });
  app.use(observe(deps));
  app.use((ctx, next) => answerProblems(ctx, next));
  app.use(guard(deps));
  app.use(cors(deps.corsOrigins));
  const router = routerOf(deps);
  app.use(router.routes());
  app.use(errorPagesOf);
  app.use(setupGate(deps));
  app.use(refuseOtherMethods(router));
  for (const page of deps.pages) app.use(page);
  app.use((ctx) => {
    throw new AppError("not_found", `There is nothing at ${ctx.path.slice(0, 200)}.`);
  });
  return app;
}

/** What a client does to its own connection, and our own signals' ABORT_ERR. */
const disconnects = new Set([
  "ABORT_ERR",
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ERR_HTTP_REQUEST_TIMEOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** A client that left or was too slow, or a refusal that came when the answer had begun: strangers must not fill the log. */
function isNoFault(error: Error): boolean {
  if (error instanceof AppError) return error.code !== "internal";
  const { code = "" } = error as NodeJS.ErrnoException;
  return disconnects.has(code) || code.startsWith("HPE_");
}

async function answerProblems(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (thrown) {
    const { log, requestId } = ctx.state as RequestState;
    const error = toAppError(thrown);
    if (error.code === "internal")
      log.error({ err: thrown, path: safePath(ctx.path, { isOurs: true }) }, error.message);
    // Without its stack: while the disk is full every request may say so.
    if (error.code === "disk_full")
      log.error({ reason: messageOf(thrown), path: safePath(ctx.path, { isOurs: true }) }, error.message);
    ctx.status = errorCatalog[error.code].status;
    if (error instanceof RateLimited) ctx.set("Retry-After", String(error.retryAfterSeconds));
    ctx.type = problemMediaType;
    ctx.body = JSON.stringify(problemOf(error, requestId));
  }
}

const guard =
  ({ publicUrl }: AppDeps): Middleware =>
  async (ctx, next) => {
    setSecurityHeaders(ctx, publicUrl);
    checkTarget(ctx.req);
    (ctx.state as RequestState).host = checkHost(ctx.req, { publicUrl });
    checkExpectation(ctx.req);
    await next();
  };

function routerOf(deps: AppDeps): Router {
  const router = new Router({ strict: false });
  for (const { path, operation } of routesOf(deps.operations)) {
    const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
    router[operation.method](pattern, (ctx: Context) => runOperation(ctx, operation, deps));
  }
  return router;
}

const setupGate =
  ({ isSetUp, setupPages }: AppDeps): Middleware =>
  async (ctx, next) => {
    if (isSetUp()) return next();
    return setupPages(ctx, async () => {
      throw setupRequired();
    });
  };

function refuseOtherMethods(router: Router): Middleware {
  return async (ctx, next) => {
    const { path: matched } = router.match(ctx.path, ctx.method);
    if (matched.length === 0) return next();
    const allowed = [...new Set(matched.flatMap((layer) => layer.methods))].join(", ");
    ctx.set("Allow", allowed);
    throw new AppError("method_not_allowed", `${ctx.path} takes ${allowed}, not ${ctx.method}.`);
  };
}
