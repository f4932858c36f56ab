import type { IncomingMessage } from "node:http";
import test from "ava";
import { checkHost, checkSameSite } from "./guards.ts";

const publicUrl = new URL("https://play.example.net");
const request = (headers: Record<string, string>, method = "POST"): IncomingMessage =>
  ({ headers, method }) as unknown as IncomingMessage;

test("a Host is an address, a local name or the public name", (t) => {
  for (const host of [
    "127.0.0.1:8000",
    "192.168.1.9",
    "[::1]:8000",
    "[fd00::1]",
    "localhost:3000",
    "control-plane:8000",
    "gamebox.lan",
    "gamebox.local:8000",
    "PLAY.example.net",
    "play.example.net:443",
  ])
    t.is(checkHost(request({ host }), { publicUrl }), host.toLowerCase(), host);
});

test("a name that somebody else's DNS could point here is refused, so is what is no host", (t) => {
  for (const host of [
    "evil.com",
    "evil.com:8000",
    "evil.com:x@play.example.net",
    "play.example.net.evil.com",
    "play.example.net/evil",
    "a b",
    "",
    "[::1",
    "play.example.net:99999999",
    "x".repeat(300),
  ])
    t.throws(() => checkHost(request({ host }), { publicUrl }), { code: "wrong_host" }, host);
  t.throws(() => checkHost(request({}), { publicUrl }), { code: "wrong_host" });
});

const host = "127.0.0.1:8000";
const corsOrigins = new Set(["https://shop.example.org"]);
const refusal = (
  headers: Record<string, string>,
  credential: "cookie" | "header" | "none",
  method = "POST",
  isSecure = false,
): boolean => {
  try {
    checkSameSite(request(headers, method), { host, publicUrl, isSecure, corsOrigins, credential });
    return false;
  } catch (error) {
    return (error as { code: string }).code === "cross_site";
  }
};

test("a cookie changes something only from our own pages", (t) => {
  t.false(refusal({ origin: `http://${host}` }, "cookie"));
  t.false(refusal({ origin: "https://play.example.net" }, "cookie"));
  t.false(refusal({ "sec-fetch-site": "same-origin" }, "cookie"));
  for (const origin of [
    "http://evil.com",
    "null",
    "http://127.0.0.1:3000",
    `ftp://${host}`,
    `http://${host}.evil.com`,
    "",
  ])
    t.true(refusal({ origin }, "cookie"), origin);
  for (const site of ["cross-site", "same-site"]) {
    t.true(refusal({ "sec-fetch-site": site }, "cookie"), site);
    t.true(refusal({ origin: `http://${host}`, "sec-fetch-site": site }, "cookie"), site);
  }
  t.true(refusal({}, "cookie"));
  t.true(refusal({ "sec-fetch-site": "none" }, "cookie"));
});

test("reading is allowed to a cookie, everything to a bearer, and signing in not to another site", (t) => {
  t.false(refusal({ origin: "http://evil.com" }, "cookie", "GET"));
  t.false(refusal({ origin: "http://evil.com" }, "header"));
  t.true(refusal({ origin: "http://evil.com" }, "none"));
  t.false(refusal({}, "none"));
});

test("over TLS a page that came over plain HTTP is another site, whatever it calls itself", (t) => {
  t.false(refusal({ origin: `https://${host}` }, "cookie", "POST", true));
  t.true(refusal({ origin: `http://${host}` }, "cookie", "POST", true));
});

test("a page elsewhere that is in the list signs in without a cookie, and with one changes nothing", (t) => {
  const origin = "https://shop.example.org";
  t.false(refusal({ origin, "sec-fetch-site": "cross-site" }, "none"));
  t.true(refusal({ origin }, "cookie"));
  for (const near of [`${origin}.evil.com`, `${origin}:8443`, "http://shop.example.org", "https://SHOP.example.org"])
    t.true(refusal({ origin: near }, "none"), near);
});
