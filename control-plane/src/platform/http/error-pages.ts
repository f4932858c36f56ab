/**
 * `/errors/<code>`: what the `type` of a problem document leads to, as a page for people and as JSON for programs;
 * `/errors` lists all. Open before set-up and to everybody: the texts tell nothing of this installation.
 */
import { AppError, type ErrorCode, errorCatalog, errorCodes } from "@playspawn/shared";
import type { Context, Middleware } from "koa";
import type { ErrorPage } from "./error-page.ts";
import { accessPages } from "./error-pages-access.ts";
import { requestPages } from "./error-pages-requests.ts";
import { serverPages } from "./error-pages-servers.ts";
import { readingPage } from "./words-page.ts";

/** A code without its page does not compile. */
export const errorPages: Record<ErrorCode, ErrorPage> = { ...accessPages, ...requestPages, ...serverPages };

const root = "/errors";

export const errorPagesOf: Middleware = (ctx, next) => {
  if (ctx.path !== root && !ctx.path.startsWith(`${root}/`)) return next();
  if (ctx.method !== "GET" && ctx.method !== "HEAD") {
    ctx.set("Allow", "GET, HEAD");
    throw new AppError("method_not_allowed", `${root} takes GET, HEAD, not ${ctx.method}.`);
  }
  ctx.set("Cache-Control", "no-cache");
  ctx.vary("Accept");
  const asked = ctx.path.slice(root.length + 1);
  if (asked === "") return answer(ctx, { items: errorCodes.map(factsOf) }, listPage);
  const code = errorCodes.find((each) => each === asked);
  if (code) return answer(ctx, factsOf(code), () => codePage(code));
  if (wantsJson(ctx)) throw new AppError("not_found", `There is no error of that name: ${root} lists all.`);
  answer(ctx, {}, listPage);
  ctx.status = 404;
};

const factsOf = (code: ErrorCode) => ({ code, ...errorCatalog[code], ...errorPages[code] });

const wantsJson = (ctx: Context): boolean => ctx.accepts("html", "json") === "json";

function answer(ctx: Context, json: object, html: () => string): void {
  ctx.type = wantsJson(ctx) ? "application/json" : "html";
  ctx.body = wantsJson(ctx) ? JSON.stringify(json) : html();
}

function codePage(code: ErrorCode): string {
  const { title, status } = errorCatalog[code];
  const { means, causes, remedy, example } = errorPages[code];
  const heading = `<h1>${markUp(title)}</h1><p class="quiet"><code>${code}</code> · HTTP ${status}</p>`;
  const sections = [
    `<h2>What it means</h2><p>${markUp(means)}</p>`,
    `<h2>Usual causes</h2>${list("ul", causes)}`,
    `<h2>What to do</h2>${list(remedy.length > 1 ? "ol" : "ul", remedy)}`,
    `<h2>How it reads</h2><blockquote>${markUp(example)}</blockquote>`,
    `<h2>All errors</h2><p><a href="${root}">The list of every code</a></p>`,
  ];
  return readingPage(markUp(title), heading + sections.join(""));
}

function listPage(): string {
  const entry = (code: ErrorCode): string =>
    `<dt><a href="${root}/${code}">${markUp(errorCatalog[code].title)}</a></dt>` +
    `<dd class="quiet"><code>${code}</code> · HTTP ${errorCatalog[code].status}</dd>`;
  const said =
    "Every refusal of Playspawn carries one of these codes. Behind each stands what it means and what to do.";
  return readingPage("Errors", `<h1>Errors</h1><p>${said}</p><dl>${errorCodes.map(entry).join("")}</dl>`);
}

const list = (tag: "ol" | "ul", items: readonly string[]): string =>
  `<${tag}>${items.map((item) => `<li>${markUp(item)}</li>`).join("")}</${tag}>`;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Our texts know one mark: what stands in backquotes is code. */
const markUp = (text: string): string =>
  text.replaceAll(/[&<>"]/g, (found) => entities[found]!).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
