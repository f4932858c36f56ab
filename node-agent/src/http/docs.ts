/** `/openapi.json`, and two readers of it from our own disk, which load nothing from other hosts: `/docs` and `/redoc`. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Context, Middleware } from "koa";

const folderOf = (file: string): string => dirname(fileURLToPath(import.meta.resolve(file)));

const page = (head: string, scripts: readonly string[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playspawn node agent</title>
<link rel="icon" href="/docs/favicon-32x32.png">
${head}<div id="ui"></div>
${scripts.map((file) => `<script src="${file}"></script>\n`).join("")}</html>
`;

const readers = [
  {
    path: "/docs",
    page: page(`<link rel="stylesheet" href="/docs/swagger-ui.css">\n`, [
      "/docs/swagger-ui-bundle.js",
      "/docs/start.js",
    ]),
    // Files of their own: the content security policy allows no script inside the page.
    start: `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#ui", validatorUrl: null });\n`,
    root: folderOf("swagger-ui-dist/package.json"),
    files: new Set(["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"]),
  },
  {
    path: "/redoc",
    page: page("", ["/redoc/redoc.standalone.js", "/redoc/start.js"]),
    // Its search runs in a worker made from a text, and its badge is a picture of another host: the policy allows neither.
    start: `Redoc.init("/openapi.json", { disableSearch: true, hideLogo: true }, document.getElementById("ui"));\n`,
    root: folderOf("redoc/bundles/redoc.standalone.js"),
    files: new Set(["redoc.standalone.js"]),
  },
];

const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** @param document made when somebody reads it: that takes memory that few agents need */
export function apiDocs(document: () => object): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== "GET" && ctx.method !== "HEAD") return next();
    if (ctx.path === "/openapi.json") return respond(ctx, "application/json", JSON.stringify(document()));
    const reader = readers.find(({ path }) => ctx.path === path || ctx.path.startsWith(`${path}/`));
    const file = reader && ctx.path.slice(reader.path.length + 1);
    if (!reader || (file !== "" && file !== "start.js" && !reader.files.has(file!))) return next();
    ctx.set("Content-Security-Policy", pagePolicy);
    if (file === "") return respond(ctx, "html", reader.page);
    if (file === "start.js") return respond(ctx, "text/javascript", reader.start);
    ctx.set("Cache-Control", "public, max-age=3600");
    const { default: send } = await import("koa-send");
    await send(ctx, file!, { root: reader.root });
  };
}

function respond(ctx: Context, type: string, body: string): void {
  ctx.type = type;
  ctx.body = body;
}
