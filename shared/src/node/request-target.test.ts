import type { IncomingMessage } from "node:http";
import test from "ava";
import { checkTarget, readTarget } from "./request-target.ts";

function read(url: string): string {
  const request = { url } as IncomingMessage;
  readTarget(request);
  return request.url!;
}

test("a path stays as it is, an address becomes its path, and what names no path is refused", (t) => {
  for (const path of ["/", "/a?b=c", "//a@[", "/%zz", "/ä"]) t.is(read(path), path);
  t.is(read("http://host:1/a/b?c#d"), "/a/b?c");
  t.is(read("HTTPS://[::1]"), "/");
  for (const target of [
    "",
    "*",
    "a",
    "host:80",
    "http://",
    "http://[",
    "http://[::1]:x/",
    "ftp://x/",
    "//a@[#",
    "/\u00a0",
  ]) {
    t.is(read(target), "*", target);
    t.throws(() => checkTarget({ url: read(target) } as IncomingMessage), { code: "malformed_request" });
  }
  t.notThrows(() => checkTarget({ url: "/*" } as IncomingMessage));
});
