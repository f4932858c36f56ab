/** Serves the built dashboard; before set-up only its set-up page and the files that page loads. */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import send from "koa-send";
import type { Context, Middleware } from "koa";
import { z } from "zod";
import { pagePolicy } from "./security-headers.ts";
import { wordsPage } from "./words-page.ts";

/** Vite's `.vite/manifest.json`: what each entry loads. */
const Manifest = z.record(
  z.string(),
  z.looseObject({
    file: z.string(),
    css: z.array(z.string()).optional(),
    assets: z.array(z.string()).optional(),
    imports: z.array(z.string()).optional(),
    dynamicImports: z.array(z.string()).optional(),
  }),
);
type Manifest = z.infer<typeof Manifest>;

export interface Dashboard {
  /** The set-up page, its assets, and for other pages a word on where the link is. */
  setupPages: Middleware;
  /** Everything else, with index.html for the addresses that the dashboard draws itself. */
  pages: Middleware;
}

/** @param root the folder of the built dashboard; it may be missing, then pages say so */
export async function createDashboard(root: string): Promise<Dashboard> {
  const built = await access(join(root, "index.html")).then(
    () => true,
    () => false,
  );
  const setupFiles = built ? await setupPageFiles(root) : new Set<string>();
  return {
    async setupPages(ctx, next) {
      if (!isRead(ctx)) return next();
      if (ctx.path === "/setup") return built ? sendPage(ctx, root, "setup.html") : answerNotBuilt(ctx);
      if (setupFiles.has(ctx.path.slice(1))) return sendFile(ctx, root);
      if (wantsPage(ctx)) return answerNotSetUp(ctx);
      return next();
    },
    async pages(ctx, next) {
      if (!isRead(ctx) || isReserved(ctx.path)) return next();
      if (ctx.path === "/setup" || ctx.path === "/setup.html") return ctx.redirect("/");
      if (!built) return wantsPage(ctx) ? answerNotBuilt(ctx) : next();
      if (ctx.path !== "/" && (await sendFile(ctx, root))) return;
      return wantsPage(ctx) ? sendPage(ctx, root, "index.html") : next();
    },
  };
}

/** What the set-up page needs: its entry in the manifest, and what the page itself names, such as its icon. */
async function setupPageFiles(root: string): Promise<Set<string>> {
  const manifest = Manifest.parse(JSON.parse(await readFile(join(root, ".vite/manifest.json"), "utf8")));
  const html = await readFile(join(root, "setup.html"), "utf8");
  const named = [...html.matchAll(/(?:href|src)="\/([^"]+)"/g)].map((match) => match[1]!);
  return new Set([...filesOf(manifest, "setup.html"), ...named]);
}

/** Every file that `entry` loads, by following its imports. */
function filesOf(manifest: Manifest, entry: string): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const queue = [entry];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const chunk = manifest[name];
    if (!chunk || seen.has(name)) continue;
    seen.add(name);
    for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) files.add(file);
    queue.push(...(chunk.imports ?? []), ...(chunk.dynamicImports ?? []));
  }
  return files;
}

const isRead = (ctx: Context): boolean => ctx.method === "GET" || ctx.method === "HEAD";
const isReserved = (path: string): boolean => /^\/(?:api|v1|auth|agent|docs|redoc|openapi\.json)(?:\/|$)/i.test(path);
/** A browser anywhere, and at the address that people know also whoever takes anything: monitors, curl. */
const wantsPage = (ctx: Context): boolean =>
  ctx.get("accept").includes("text/html") || (ctx.path === "/" && ctx.accepts("html", "json") === "html");

async function sendPage(ctx: Context, root: string, file: string): Promise<void> {
  ctx.set("Content-Security-Policy", pagePolicy);
  ctx.set("Cache-Control", "no-cache");
  await send(ctx, file, { root });
}

/** Whether there was such a file. Names with a content hash never change; others are asked for again. */
async function sendFile(ctx: Context, root: string): Promise<boolean> {
  if (ctx.path.endsWith(".html")) return false;
  try {
    await send(ctx, ctx.path, { root, setHeaders: setCaching });
  } catch {
    // Not there, hidden, outside the folder, not decodable: all the same to a stranger.
    return false;
  }
  return ctx.status === 200;
}

function setCaching(response: { setHeader(name: string, value: string): unknown }, path: string): void {
  const hashed = /[/\\]assets[/\\]/.test(path);
  response.setHeader("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
}

const answerNotBuilt = (ctx: Context): void =>
  answerWords(
    ctx,
    503,
    "The dashboard is not built. Start Playspawn with ./scripts/start, which builds it; the API answers meanwhile.",
  );

const answerNotSetUp = (ctx: Context): void =>
  answerWords(ctx, 403, "This installation is not set up yet. Open the link that ./scripts/start printed.");

function answerWords(ctx: Context, status: number, words: string): void {
  ctx.status = status;
  ctx.type = "html";
  ctx.body = wordsPage(words);
}
