/** `/openapi.json`, and two readers of it from our own disk, which load nothing from other hosts: `/docs` to try, `/redoc` to read. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import send from "koa-send";
import type { Context, Middleware } from "koa";
import { pagePolicy } from "./security-headers.ts";

interface Reader {
  /** Where its page is; its files lie below. */
  path: string;
  page: string;
  /** A file of its own: the content security policy allows no script inside the page. */
  start: string;
  /** Folder of its package, and what of it is served. */
  root: string;
  files: ReadonlySet<string>;
}

const folderOf = (file: string): string => dirname(fileURLToPath(import.meta.resolve(file)));

const pageOf = (head: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playspawn API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
${head}<div id="ui"></div>
${body}</html>
`;

const scripts = (...files: string[]): string => files.map((file) => `<script src="${file}"></script>\n`).join("");

const swagger: Reader = {
  path: "/docs",
  page: pageOf(
    `<link rel="stylesheet" href="/docs/swagger-ui.css">\n`,
    scripts("/docs/swagger-ui-bundle.js", "/docs/start.js"),
  ),
  start: `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#ui", validatorUrl: null });\n`,
  root: folderOf("swagger-ui-dist/package.json"),
  files: new Set(["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]),
};

/** Its badge is a picture of another host, which the policy keeps away: no hole where it would be. */
const badge = `<style>body { margin: 0 } img[src^="https:"] { display: none }</style>\n`;

const redoc: Reader = {
  path: "/redoc",
  page: pageOf(badge, scripts("/redoc/redoc.standalone.js", "/redoc/start.js")),
  // Its search runs in a worker made from a text, which the policy does not allow.
  start: `Redoc.init("/openapi.json", { disableSearch: true }, document.getElementById("ui"));\n`,
  root: folderOf("redoc/bundles/redoc.standalone.js"),
  files: new Set(["redoc.standalone.js"]),
};

/** @param document the OpenAPI document */
export function apiDocs(document: object): Middleware {
  const json = JSON.stringify(document);
  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") return next();
    if (ctx.path === "/openapi.json") return respond(ctx, "application/json", json);
    const reader = [swagger, redoc].find(({ path }) => ctx.path === path || ctx.path.startsWith(`${path}/`));
    return reader ? read(ctx, reader, next) : next();
  };
}

async function read(ctx: Context, { path, page, start, root, files }: Reader, next: () => Promise<unknown>) {
  const file = ctx.path.slice(path.length + 1);
  if (file !== "" && file !== "start.js" && !files.has(file)) return next();
  ctx.set("Content-Security-Policy", pagePolicy);
  if (file === "") return respond(ctx, "html", page);
  if (file === "start.js") return respond(ctx, "text/javascript", start);
  ctx.set("Cache-Control", "public, max-age=3600");
  return send(ctx, file, { root });
}

function respond(ctx: Context, type: string, body: string): void {
  ctx.type = type;
  ctx.body = body;
}
