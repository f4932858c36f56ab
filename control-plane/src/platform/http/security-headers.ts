/** Headers that tell browsers to trust nothing but our own files. */
import type { Context } from "koa";

/** The dashboard and the API docs. Style attributes are allowed because both set sizes and positions from scripts. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Everything that is not a page: also a picture opened on its own must not run anything. */
const dataPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

export function setSecurityHeaders(ctx: Context, publicUrl: URL): void {
  ctx.set({
    "Content-Security-Policy": dataPolicy,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
  });
  if (publicUrl.protocol === "https:") ctx.set("Strict-Transport-Security", "max-age=31536000");
}
