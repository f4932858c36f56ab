import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { harness, temporaryFolder } from "../../testing/harness.ts";

const manifest = {
  "index.html": { file: "assets/index-1.js", css: ["assets/index-1.css"], imports: ["_shared.js"] },
  "setup.html": { file: "assets/setup-1.js", imports: ["_shared.js"], dynamicImports: ["src/late.ts"] },
  "_shared.js": { file: "assets/shared-1.js", css: ["assets/shared-1.css"], assets: ["assets/font-1.woff2"] },
  "src/late.ts": { file: "assets/late-1.js" },
};

const files: Record<string, string> = {
  "index.html": "<!doctype html><title>dashboard</title>",
  "setup.html":
    '<!doctype html><title>setup</title><link rel="icon" href="/icon.svg"><a href="/private.txt.html">x</a>',
  "icon.svg": "<svg/>",
  "secret.txt": "only after set-up",
  ".vite/manifest.json": JSON.stringify(manifest),
  ...Object.fromEntries(
    ["index-1.js", "index-1.css", "setup-1.js", "shared-1.js", "shared-1.css", "font-1.woff2", "late-1.js"].map(
      (name) => [`assets/${name}`, name],
    ),
  ),
};

async function start(t: ExecutionContext, { isSetUp }: { isSetUp: boolean }) {
  const parent = await temporaryFolder(t);
  const webDir = join(parent, "dist");
  await mkdir(join(webDir, "assets"), { recursive: true });
  await mkdir(join(webDir, ".vite"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(webDir, name), text);
  await writeFile(join(parent, "outside.txt"), "not yours");
  return harness(t, { ...(isSetUp ? {} : { config: { admin: null } }), overrides: { webDir } });
}

const html = { accept: "text/html,application/xhtml+xml" };

test("before set-up the set-up page and what it loads are served, nothing else", async (t) => {
  const { stranger } = await start(t, { isSetUp: false });
  const page = await stranger.get<string>("/setup", html);
  t.is(page.status, 200);
  t.regex(page.body, /<title>setup/);
  for (const path of ["setup-1.js", "shared-1.js", "shared-1.css", "font-1.woff2", "late-1.js"])
    t.is((await stranger.get(`/assets/${path}`)).status, 200, path);
  t.is((await stranger.get("/icon.svg")).status, 200);
  for (const path of [
    "/",
    "/index.html",
    "/assets/index-1.js",
    "/assets/index-1.css",
    "/secret.txt",
    "/servers",
    "/setup.html",
  ])
    t.is((await stranger.get(path)).status, 403, path);
  const words = await stranger.get<string>("/", html);
  t.is(words.status, 403);
  t.regex(words.body, /not set up yet/);
  t.regex(words.body, /<style>[^]*light-dark/);
  t.notRegex(words.body, /(?:src|href|url)\s*[=(]/, "it may load nothing");
  const problem = await stranger.get("/", { accept: "application/json" });
  t.like(problem, { status: 403, body: { code: "setup_required" } });
});

test("once set up, the set-up page leads to the dashboard, also without a restart", async (t) => {
  const { stranger, context } = await start(t, { isSetUp: false });
  const person = { token: context.setup.token, email: "a@example.org", password: "nine quiet otters" };
  t.is((await stranger.post("/api/v1/setup", person)).status, 201);
  const { status, headers } = await stranger.get("/setup", html);
  t.is(status, 302);
  t.is(headers.get("location"), "/");
  t.regex((await stranger.get<string>("/", html)).body, /<title>dashboard/);
});

test("addresses that the dashboard draws get its page, those of the API never do", async (t) => {
  const { stranger } = await start(t, { isSetUp: true });
  for (const path of ["/", "/servers", "/servers/srv_1", "/sign-in"]) {
    const { status, body, headers } = await stranger.get<string>(path, html);
    t.is(status, 200, path);
    t.regex(body, /<title>dashboard/);
    t.regex(headers.get("content-security-policy") ?? "", /script-src 'self'; /);
    t.is(headers.get("cache-control"), "no-cache");
  }
  for (const path of ["/api/v1/nope", "/agent/v1", "/docs/nope", "/openapi.json/x"])
    t.is((await stranger.get(path, html)).status, 404, path);
  t.is((await stranger.get("/servers")).status, 404);
});

test("the front page is there for whoever takes anything, such as a monitor; who wants JSON is answered in it", async (t) => {
  const { stranger } = await start(t, { isSetUp: true });
  const front = await stranger.get<string>("/", { accept: "*/*" });
  t.is(front.status, 200);
  t.regex(front.body, /<title>dashboard/);
  for (const accept of ["application/json", "application/json, */*"])
    t.like(await stranger.get("/", { accept }), { status: 404, body: { code: "not_found" } }, accept);
  t.like(await stranger.get("/api/v1", { accept: "*/*" }), { status: 404, body: { code: "not_found" } });
});

test("hashed files are kept by browsers, others are asked for again", async (t) => {
  const { stranger } = await start(t, { isSetUp: true });
  t.regex((await stranger.get("/assets/index-1.js")).headers.get("cache-control") ?? "", /immutable/);
  t.is((await stranger.get("/secret.txt")).headers.get("cache-control"), "no-cache");
  t.is((await stranger.get("/assets/missing.js")).status, 404);
});

test("nothing outside the folder and nothing hidden is served", async (t) => {
  const { stranger } = await start(t, { isSetUp: true });
  for (const path of [
    "/../outside.txt",
    "/..%2foutside.txt",
    "/%2e%2e/outside.txt",
    "/.vite/manifest.json",
    "/assets/..%2f..%2foutside.txt",
  ])
    t.not((await stranger.get(path)).status, 200, path);
});

test("without a built dashboard the API answers and pages say what is missing", async (t) => {
  const { stranger, client } = await harness(t, { overrides: { webDir: await temporaryFolder(t) } });
  const { status, body } = await stranger.get<string>("/", html);
  t.is(status, 503);
  t.regex(body, /not built/);
  t.is((await client.get("/api/v1/auth/me")).status, 200);
});
