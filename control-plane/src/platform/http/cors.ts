/** Which pages of other origins may read our answers: an exact list, with a bearer token and never with a cookie. */
import type { Middleware } from "koa";

/** Why this is no origin, or undefined when it is one. */
export function originFault(text: string): string | undefined {
  if (text === "*" || text === "null") return `${text} would be everybody: name each origin`;
  const isOrigin =
    !text.includes("*") &&
    URL.canParse(text) &&
    /^https?:$/.test(new URL(text).protocol) &&
    new URL(text).origin === text;
  return isOrigin
    ? undefined
    : `${text} is no origin such as https://shop.example.org, in lower case and without a path`;
}

const allowed = {
  "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
  "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
  "Access-Control-Max-Age": "600",
};
const exposed = "Location, Retry-After, X-Request-Id";

/**
 * Without `Access-Control-Allow-Credentials`, browsers neither send cookies after a preflight nor show an answer that
 * was asked for with one.
 */
export const cors =
  (origins: ReadonlySet<string>): Middleware =>
  async (ctx, next) => {
    if (origins.size === 0) return next();
    ctx.vary("Origin");
    const origin = ctx.get("origin");
    if (!origins.has(origin)) return next();
    ctx.set({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": exposed });
    if (ctx.method !== "OPTIONS" || ctx.get("access-control-request-method") === "") return next();
    ctx.set(allowed);
    ctx.status = 204;
  };
