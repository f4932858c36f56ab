import test from "ava";
import { admin, harness } from "../../testing/harness.ts";
import { originFault } from "./cors.ts";
import type { Problem } from "./problem.ts";

const shop = "https://shop.example.org";
const config = { corsOrigins: [shop, "http://localhost:5173"] };
const me = "/api/v1/auth/me";

const allowed = (headers: Headers) => headers.get("access-control-allow-origin");

test("a page in the list reads answers and problems with its bearer token", async (t) => {
  const { client, stranger } = await harness(t, { config });
  for (const origin of config.corsOrigins) {
    const answer = await client.get(me, { origin });
    t.deepEqual([answer.status, allowed(answer.headers)], [200, origin]);
    t.is(answer.headers.get("vary"), "Origin");
    t.is(answer.headers.get("access-control-allow-credentials"), null);
    const refused = await stranger.get(me, { origin });
    t.deepEqual([refused.status, allowed(refused.headers)], [401, origin]);
    t.is(
      (await stranger.get("/health", { origin })).headers
        .get("access-control-expose-headers")
        ?.includes("X-Request-Id"),
      true,
    );
  }
});

test("a preflight is answered for the list alone", async (t) => {
  const { stranger } = await harness(t, { config });
  const asks = { "access-control-request-method": "DELETE", "access-control-request-headers": "authorization" };
  const yes = await stranger.request("OPTIONS", "/api/servers/x", undefined, { origin: shop, ...asks });
  t.is(yes.status, 204);
  t.is(allowed(yes.headers), shop);
  t.regex(yes.headers.get("access-control-allow-methods") ?? "", /\bDELETE\b/);
  t.regex(yes.headers.get("access-control-allow-headers") ?? "", /\bAuthorization\b/);
  t.is(yes.headers.get("access-control-allow-credentials"), null);
  for (const origin of [
    "http://evil.com",
    "null",
    `${shop}.evil.com`,
    `${shop}:8443`,
    "http://shop.example.org",
    "https://SHOP.example.org",
    "https://sub.shop.example.org",
  ]) {
    const no = await stranger.request("OPTIONS", "/api/servers", undefined, { origin, ...asks });
    t.deepEqual([no.status, allowed(no.headers), no.headers.get("vary")], [405, null, "Origin"], origin);
  }
});

test("without a list nobody is allowed", async (t) => {
  const { client } = await harness(t);
  const { headers } = await client.get(me, { origin: shop });
  t.deepEqual([allowed(headers), headers.get("vary")], [null, null]);
});

test("a cookie counts for nothing on a page elsewhere, whether it reads or writes", async (t) => {
  const { client, stranger } = await harness(t, { config });
  const cookie = { cookie: `playspawn_session=${client.token}` };
  t.is((await stranger.get(me, { ...cookie, origin: client.url })).status, 200);
  const read = await stranger.get(me, { ...cookie, origin: shop });
  t.is(read.status, 401);
  const written = await stranger.post<Problem>("/api/v1/auth/logout", undefined, { ...cookie, origin: shop });
  t.deepEqual([written.status, written.body.code], [403, "cross_site"]);
  t.is((await client.get(me)).status, 200, "still signed in");
});

test("a page in the list signs in and keeps its token itself", async (t) => {
  const { stranger } = await harness(t, { config });
  const from = { origin: shop, "sec-fetch-site": "cross-site" };
  const { status, headers, body } = await stranger.post<{ token: string }>("/api/v1/auth/login", admin, from);
  t.deepEqual([status, headers.get("set-cookie")], [200, null]);
  t.is((await stranger.get(me, { ...from, authorization: `Bearer ${body.token}` })).status, 200);
  const evil = await stranger.post<Problem>("/api/v1/auth/login", admin, { origin: "http://evil.com" });
  t.is(evil.body.code, "cross_site");
});

test("an origin is exact: no star, no path, no capital", (t) => {
  for (const good of [shop, "http://localhost:5173", "https://[2001:db8::1]:8443"])
    t.is(originFault(good), undefined, good);
  for (const bad of [
    "*",
    "null",
    "shop.example.org",
    `${shop}/`,
    `${shop}/path`,
    "https://*.example.org",
    "HTTPS://shop.example.org",
    `${shop}:443`,
    "ftp://shop.example.org",
    "https://u:p@shop.example.org",
  ])
    t.truthy(originFault(bad), bad);
});
