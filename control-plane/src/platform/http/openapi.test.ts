import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { harness } from "../../testing/harness.ts";
import { gspPaths } from "./aliases.ts";
import { openapiDocument } from "./openapi.ts";

interface Document {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; security: unknown[]; responses: Record<string, unknown> }>
  >;
  components: { schemas: Record<string, unknown> };
}

test("the document tells every operation, how to sign in to it and how it fails", async (t) => {
  const { stranger, context } = await harness(t);
  const { status, body } = await stranger.get<Document>("/openapi.json");
  t.is(status, 200);
  t.is(body.openapi, "3.1.0");
  const own = Object.entries(body.paths).filter(([path]) => !Object.hasOwn(gspPaths, path));
  const told = own.flatMap(([, methods]) => Object.values(methods));
  t.deepEqual(told.map((each) => each.operationId).sort(), context.operations.map((each) => each.name).sort());
  for (const declared of context.operations) {
    const each = body.paths[declared.path]?.[declared.method];
    t.is(each?.security.length === 0, declared.auth === "public", declared.name);
    t.truthy(each?.responses["default"], declared.name);
    t.truthy(each?.responses[String(declared.answer.status)], declared.name);
  }
  t.truthy(body.components.schemas["Problem"]);
});

test("every reference in the document leads somewhere", async (t) => {
  const { context } = await harness(t);
  const document = openapiDocument(context.operations);
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/(schemas|responses)\/([^"]+)"/g)];
  t.true(references.length > 0);
  for (const [reference, kind, name] of references)
    t.truthy(document.components?.[kind as "schemas" | "responses"]?.[name!], reference);
});

test("the committed openapi.json is the one that the registry makes", async (t) => {
  const { context } = await harness(t);
  const committed = await readFile(join(import.meta.dirname, "../../../openapi.json"), "utf8");
  t.deepEqual(
    JSON.parse(committed),
    JSON.parse(JSON.stringify(openapiDocument(context.operations))),
    "run npm run gen",
  );
});

test("the docs come from our own disk and load nothing from elsewhere", async (t) => {
  const { stranger } = await harness(t);
  for (const [path, linksMin] of [
    ["/docs", 4],
    ["/redoc", 3],
  ] as const) {
    const page = await stranger.get<string>(path);
    t.is(page.status, 200);
    t.regex(page.headers.get("content-type") ?? "", /text\/html/);
    t.notRegex(page.body, /https?:\/\//);
    t.notRegex(page.body, /<script>/);
    const links = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1]!);
    t.true(links.length >= linksMin);
    for (const link of links) t.is((await stranger.get(link)).status, 200, link);
  }
  for (const path of ["/docs/package.json", "/docs/index.html", "/docs/swagger-ui.js.map", "/redoc/redoc.lib.js"])
    t.is((await stranger.get(path)).status, 404, path);
});
