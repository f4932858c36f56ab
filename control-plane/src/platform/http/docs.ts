/** `/openapi.json`, and Swagger UI at `/docs` from our own disk: it loads nothing from other hosts. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import send from "koa-send";
import type { Middleware } from "koa";
import { pagePolicy } from "./security-headers.ts";

const root = dirname(fileURLToPath(import.meta.resolve("swagger-ui-dist/package.json")));

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playspawn API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
<div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
`;

// A file of its own: the content security policy allows no script inside the page.
const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#ui", validatorUrl: null });\n`;

const files = new Set(["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]);

/** @param document the OpenAPI document */
export function apiDocs(document: object): Middleware {
  const json = JSON.stringify(document);
  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") return next();
    if (ctx.path === "/openapi.json") {
      ctx.type = "application/json";
      ctx.body = json;
      return;
    }
    if (ctx.path !== "/docs" && !ctx.path.startsWith("/docs/")) return next();
    ctx.set("Content-Security-Policy", pagePolicy);
    const file = ctx.path.slice("/docs/".length);
    if (file === "") return respond("html", page);
    if (file === "start.js") return respond("text/javascript", start);
    if (!files.has(file)) return next();
    ctx.set("Cache-Control", "public, max-age=3600");
    await send(ctx, file, { root });

    function respond(type: string, body: string): void {
      ctx.type = type;
      ctx.body = body;
    }
  };
}
